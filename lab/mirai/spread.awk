# SPDX-License-Identifier: Apache-2.0
#
# Everybody who is infected when an attacker begins at `from`: by the ways that were
# measured, from each to the next.  Lines: CAMERA SOURCE FAMILY door|port.
{
	way[$2, $1] = 1
	camera[$1] = 1
}
END {
	has[from] = 1
	do {
		more = 0
		for (target in camera)
			for (source in has)
				if (!(target in has) && ((source, target) in way)) {
					has[target] = 1
					more = 1
					break
				}
	} while (more)
	delete has[from]
	for (target in has)
		print target
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_STYLE_H
#define PINFOLD_LABEL_STYLE_H

/*
 * The style of reports: readable on a phone, in the dark and on paper.  Words
 * carry the meaning, colour only helps; DECL is never shown in the colour of PASS.
 */
#define PAGE_POLICY                                                                                \
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "    \
	"'unsafe-inline'\">\n"

#define PAGE_STYLE                                                                                 \
	"<style>\n"                                                                                \
	":root{color-scheme:light dark;--ink:#1a1f24;--soft:#56606b;--line:#d4dae0;--page:#fff;"   \
	"--box:#f5f7f9;--pass:#0b6b3a;--fail:#a3161b;--nff:#1f5a93;--inc:#7a5200;--decl:#5b3f8f;"  \
	"--na:#56606b}\n"                                                                          \
	"@media(prefers-color-scheme:dark){:root{--ink:#e7ebef;--soft:#a4afba;--line:#39424b;"     \
	"--page:#14181c;--box:#1d2329;--pass:#6fd39b;--fail:#ff9a94;--nff:#8cc1f5;--inc:#f0c068;"  \
	"--decl:#c4adf0;--na:#a4afba}}\n"                                                          \
	"*{box-sizing:border-box}\n"                                                               \
	"body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:62rem;background:var(--page);"      \
	"color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"                                   \
	"h1{font-size:1.6rem;line-height:1.25;margin:0 0 "                                         \
	".25rem}h2{font-size:1.2rem;margin:2.2rem "                                                \
	"0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}h3{font-size:1rem;"     \
	"margin:0 0 .2rem}\n"                                                                      \
	"p{margin:.4rem 0}.soft{color:var(--soft)}\n"                                              \
	".items{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:.8rem}"  \
	"\n"                                                                                       \
	".item{border:1px solid var(--line);border-left:.4rem solid currentColor;border-radius:"   \
	".4rem;padding:.7rem .9rem;background:var(--box)}.item>*{color:var(--ink)}"                \
	"\n"                                                                                       \
	".word{font-weight:700;white-space:nowrap}\n"                                              \
	".PASS{color:var(--pass)}.FAIL{color:var(--fail)}.NFF{color:var(--nff)}.INC{color:"        \
	"var(--inc)}.DECL{color:var(--decl)}.NA{color:var(--na)}\n"                                \
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:.8rem 0}"   \
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"                               \
	".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}\n"      \
	"th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px "  \
	"solid var(--line);overflow-wrap:break-word}th{color:var(--soft);font-weight:600}"         \
	".short{white-space:nowrap}\n"                                                             \
	"svg{max-width:100%;height:auto}\n"                                                        \
	"ul{padding-left:1.2rem;margin:.4rem 0}li{margin:.3rem 0}\n"                               \
	"@media(max-width:40rem){dl{grid-template-columns:1fr;gap:0}dt{margin-top:.4rem}"          \
	".stack thead{display:none}.stack tr{display:block;padding:.6rem 0;border-bottom:1px "     \
	"solid var(--line)}"                                                                       \
	".stack td:empty{display:none!important}.stack td{display:block;border:0;padding:.1rem "   \
	"0}.stack "                                                                                \
	".short{display:inline-block;margin-right:1rem}"                                           \
	".stack [data-of$=mandatory]::before,.stack [data-of=Mandatory]::before,.stack "           \
	"[data-of=Recommended]::before{content:attr(data-of) \": \";color:var(--soft)}}\n"         \
	"@media print{body{max-width:none;padding:0;font-size:10.5pt}h2{break-after:avoid}"        \
	"tr,.item,li{break-inside:avoid}.page{break-after:page}thead{display:table-header-group}"  \
	"@page{margin:16mm}}\n"                                                                    \
	"</style>\n"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* No guard: read more than once.  X(name, file, text). */

/* clang-format off */
X(DEVICE_PUT, STORE_DECISIONS,
  "INSERT INTO device(number,id,name,class,state,created,since,seen,kind,kind_confidence,kind_because)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT(number) DO UPDATE SET id=?2,name=?3,"
  "class=?4,state=?5,created=?6,since=?7,seen=?8,kind=?9,kind_confidence=?10,kind_because=?11")
X(DEVICE_DELETE, STORE_DECISIONS, "DELETE FROM device WHERE number=?1")
X(DEVICE_LIST, STORE_DECISIONS,
  "SELECT number,id,name,class,state,created,since,seen,kind,kind_confidence,kind_because"
  " FROM device ORDER BY number")

X(IDENTIFIER_PUT, STORE_DECISIONS,
  "INSERT INTO identifier(device,kind,value,first,last,confidence,count)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(device,kind,value) DO UPDATE SET first=?4,last=?5,"
  "confidence=?6,count=?7")
X(IDENTIFIERS_DELETE, STORE_DECISIONS, "DELETE FROM identifier WHERE device=?1")
X(IDENTIFIER_LIST, STORE_DECISIONS,
  "SELECT device,kind,value,first,last,confidence,count FROM identifier ORDER BY device,first")

X(BINDING_PUT, STORE_DECISIONS,
  "INSERT INTO binding(device,port,mac,address,how,since,expires) VALUES(?1,?2,?3,?4,?5,?6,?7)"
  " ON CONFLICT(port,mac,address) DO UPDATE SET device=?1,how=?5,since=?6,expires=?7")
X(BINDINGS_DELETE, STORE_DECISIONS, "DELETE FROM binding WHERE device=?1")
X(BINDING_LIST, STORE_DECISIONS,
  "SELECT device,port,mac,address,how,since,expires FROM binding ORDER BY device,since")

X(DOCUMENT_PUT, STORE_DECISIONS,
  "INSERT INTO document(device,kind,body) VALUES(?1,?2,?3)"
  " ON CONFLICT(device,kind) DO UPDATE SET body=?3")
X(DOCUMENT_DELETE, STORE_DECISIONS, "DELETE FROM document WHERE device=?1 AND kind=?2")
X(DOCUMENTS_DELETE, STORE_DECISIONS, "DELETE FROM document WHERE device=?1")
X(DOCUMENT_LIST, STORE_DECISIONS, "SELECT device,kind,body FROM document ORDER BY device,kind")

X(NUMBER_PUT, STORE_DECISIONS,
  "INSERT INTO number(key,value) VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=?2")
X(NUMBER_GET, STORE_DECISIONS, "SELECT value FROM number WHERE key=?1")

X(JOURNAL_ADD, STORE_DECISIONS,
  "INSERT INTO journal(time,batch,who,verb,device,device_id,text,before,after,undoes)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")
X(JOURNAL_UNDONE, STORE_DECISIONS, "UPDATE journal SET undone_by=?2 WHERE id=?1")
X(JOURNAL_LIST, STORE_DECISIONS,
  "SELECT id,time,batch,who,verb,device,device_id,text,before,after,undoes,undone_by FROM journal"
  " WHERE id<?1 AND (?2=0 OR device=?2) ORDER BY id DESC LIMIT ?3")
X(JOURNAL_FIND, STORE_DECISIONS,
  "SELECT id,time,batch,who,verb,device,device_id,text,before,after,undoes,undone_by FROM journal"
  " WHERE id=?1")
X(JOURNAL_PRUNE, STORE_DECISIONS,
  "DELETE FROM journal WHERE id<=(SELECT max(id) FROM journal)-?1")

X(JOURNAL_BLANK, STORE_DECISIONS, "UPDATE journal SET before='{}',after='{}' WHERE id=?1")
X(LEFT_ADD, STORE_DECISIONS,
  "INSERT INTO gone(device_id,name,kind,who,time,until,journal,body) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)")
X(LEFT_LIST, STORE_DECISIONS,
  "SELECT id,device_id,name,kind,who,time,until,journal,body FROM gone WHERE ?1=0 OR id=?1"
  " ORDER BY id DESC")
X(LEFT_DELETE, STORE_DECISIONS, "DELETE FROM gone WHERE id=?1")
X(LEFT_RETURNED, STORE_DECISIONS, "DELETE FROM gone WHERE journal=?1")

X(ACCOUNT_PUT, STORE_DECISIONS,
  "INSERT INTO account(id,name,role,salt,key,cost,block,lanes,created)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT(id) DO UPDATE SET name=?2,role=?3,salt=?4,"
  "key=?5,cost=?6,block=?7,lanes=?8")
X(ACCOUNT_DELETE, STORE_DECISIONS, "DELETE FROM account WHERE id=?1")
X(ACCOUNT_LIST, STORE_DECISIONS,
  "SELECT id,name,role,salt,key,cost,block,lanes,created FROM account ORDER BY id")
X(PASS_PUT, STORE_DECISIONS,
  "INSERT INTO pass(id,account,kind,role,digest,name,source,created,until)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)")
X(PASS_DELETE, STORE_DECISIONS, "DELETE FROM pass WHERE id=?1")
X(PASSES_DELETE, STORE_DECISIONS, "DELETE FROM pass WHERE account=?1")
X(PASS_LIST, STORE_DECISIONS,
  "SELECT id,account,kind,role,digest,name,source,created,until FROM pass ORDER BY id")

X(PASSKEY_PUT, STORE_DECISIONS,
  "INSERT INTO passkey(id,account,name,credential,key,user,count,copies,created,used)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT(id) DO UPDATE SET count=?7,copies=?8,used=?10")
X(PASSKEY_DELETE, STORE_DECISIONS, "DELETE FROM passkey WHERE id=?1")
X(PASSKEYS_DELETE, STORE_DECISIONS, "DELETE FROM passkey WHERE account=?1")
X(PASSKEY_LIST, STORE_DECISIONS,
  "SELECT id,account,name,credential,key,user,count,copies,created,used FROM passkey ORDER BY id")

X(EVENT_PUT, STORE_OBSERVED,
  "INSERT INTO event(id,first,last,count,device,kind,cause,level,text,detail)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT(id) DO UPDATE SET last=?3,count=?4,"
  "level=?8,text=?9,detail=?10")
X(EVENT_LIST, STORE_OBSERVED,
  "SELECT id,first,last,count,device,kind,cause,level,text,detail FROM event"
  " WHERE id<?1 AND (?2=0 OR device=?2) ORDER BY id DESC LIMIT ?3")
X(EVENT_SPAN, STORE_OBSERVED,
  "SELECT id,first,last,count,device,kind,cause,level,text,detail FROM event"
  " WHERE last>=?1 AND first<?2 AND (?3=0 OR device=?3) ORDER BY id DESC LIMIT ?4")
X(EVENT_LAST, STORE_OBSERVED, "SELECT ifnull(max(id),0) FROM event")
X(EVENT_PRUNE, STORE_OBSERVED,
  "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY last DESC,id DESC"
  " LIMIT -1 OFFSET ?1)")

X(INCIDENT_PUT, STORE_OBSERVED,
  "INSERT INTO incident(id,device,device_id,name,first,last,count,level,cause,what,act,journal)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) ON CONFLICT(id) DO UPDATE SET name=?4,last=?6,"
  "count=?7,level=?8,cause=?9,what=?10,act=?11,journal=?12")
X(INCIDENT_LIST, STORE_OBSERVED,
  "SELECT id,device,device_id,name,first,last,count,level,cause,what,act,journal,frames"
  " FROM incident WHERE id<?1 AND (?2=0 OR device=?2) ORDER BY id DESC LIMIT ?3")
X(INCIDENT_PACKETS_PUT, STORE_OBSERVED, "UPDATE incident SET frames=?2,packets=?3 WHERE id=?1")
X(INCIDENT_PACKETS, STORE_OBSERVED, "SELECT packets FROM incident WHERE id=?1 AND frames>0")
X(INCIDENT_PACKETS_FORGET, STORE_OBSERVED,
  "UPDATE incident SET frames=0,packets=NULL WHERE device=?1")
X(INCIDENT_DISOWN, STORE_OBSERVED,
  "UPDATE incident SET device=0,frames=0,packets=NULL WHERE device=?1")
X(INCIDENT_PRUNE, STORE_OBSERVED,
  "DELETE FROM incident WHERE id IN (SELECT id FROM incident ORDER BY id DESC LIMIT -1 OFFSET ?1)")
X(INCIDENT_PACKETS_PRUNE, STORE_OBSERVED,
  "UPDATE incident SET frames=0,packets=NULL WHERE id IN (SELECT id FROM incident WHERE frames>0"
  " ORDER BY id DESC LIMIT -1 OFFSET ?1)")

X(FLOW_ADD, STORE_OBSERVED,
  "INSERT INTO flow(device,remote,proto,port,way,peer,name,address,flagged,flows,packets,bytes,first,last)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"
  " ON CONFLICT(device,remote,proto,port,way) DO UPDATE SET address=?8,flagged=max(flagged,?9),"
  "flows=flows+?10,packets=packets+?11,bytes=bytes+?12,last=max(last,?14)")
X(FLOW_FLAG, STORE_OBSERVED, "UPDATE flow SET flagged=1 WHERE device=?1 AND first>=?2")
X(FLOW_FORGET_FLAGGED, STORE_OBSERVED, "DELETE FROM flow WHERE device=?1 AND flagged=1")
X(FLOW_FORGET_OWN, STORE_OBSERVED, "DELETE FROM flow WHERE device=?1")
X(FLOW_FORGET, STORE_OBSERVED, "DELETE FROM flow WHERE device=?1 OR peer=?1")
X(FLOW_MOVE, STORE_OBSERVED, "UPDATE OR IGNORE flow SET device=?2 WHERE device=?1")
X(FLOW_LIST, STORE_OBSERVED,
  "SELECT device,peer,name,address,proto,port,way,flagged,flows,packets,bytes,first,last FROM flow"
  " WHERE device=?1 ORDER BY last DESC")
X(FLOW_CROWDED, STORE_OBSERVED,
  "SELECT device FROM flow GROUP BY device HAVING count(*)>?1")
X(FLOW_PRUNE, STORE_OBSERVED,
  "DELETE FROM flow WHERE device=?1 AND (remote,proto,port,way) IN (SELECT remote,proto,port,way"
  " FROM flow WHERE device=?1 ORDER BY last DESC LIMIT -1 OFFSET ?2)")

X(OBSERVED_DEVICES, STORE_OBSERVED,
  "SELECT device FROM flow UNION SELECT peer FROM flow UNION SELECT device FROM opening"
  " UNION SELECT device FROM event UNION SELECT device FROM sky UNION SELECT device FROM pulse"
  " UNION SELECT device FROM incident")
X(EVENT_DISOWN, STORE_OBSERVED, "UPDATE event SET device=0 WHERE device=?1")

X(OPENING_PUT, STORE_OBSERVED,
  "INSERT INTO opening(device,name,address,seconds,until) VALUES(?1,?2,?3,?4,?5)"
  " ON CONFLICT(device,name,address) DO UPDATE SET seconds=?4,until=?5")
X(OPENINGS_DELETE, STORE_OBSERVED, "DELETE FROM opening WHERE device=?1")
X(OPENING_LIST, STORE_OBSERVED,
  "SELECT device,name,address,seconds,until FROM opening ORDER BY device,until")
X(OPENING_EXPIRE, STORE_OBSERVED, "DELETE FROM opening WHERE until<=?1")
X(OPENING_CROWDED, STORE_OBSERVED,
  "SELECT device FROM opening GROUP BY device HAVING count(*)>?1")
X(OPENING_PRUNE, STORE_OBSERVED,
  "DELETE FROM opening WHERE device=?1 AND (name,address) IN (SELECT name,address FROM opening"
  " WHERE device=?1 ORDER BY until DESC LIMIT -1 OFFSET ?2)")

X(AUDIT_ADD, STORE_AUDITS,
  "INSERT INTO audit(device,device_id,label,state,pace,consent,profile,port,begun,ended,seconds,"
  "exchanges,packets,resumed,bytes,why,hours,stuck)"
  " VALUES(?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)")
X(AUDIT_FLOOR, STORE_AUDITS,
  "INSERT INTO audit(run,device,device_id,label,state,pace,consent,profile,port,begun,ended,seconds,"
  "exchanges,packets,resumed,bytes,why) SELECT ?1,0,'','',0,0,0,'','',0,0,0,0,0,0,0,''"
  " WHERE ?1>ifnull((SELECT seq FROM sqlite_sequence WHERE name='audit'),0)")
X(AUDIT_FLOOR_OFF, STORE_AUDITS, "DELETE FROM audit WHERE run=?1 AND begun=0 AND state=0")
X(AUDIT_PUT, STORE_AUDITS,
  "UPDATE audit SET device=?2,device_id=?3,label=?4,state=?5,pace=?6,consent=?7,profile=?8,"
  "port=?9,begun=?10,ended=?11,seconds=?12,exchanges=?13,packets=?14,resumed=?15,bytes=?16,why=?17,"
  "hours=?18,stuck=?19"
  " WHERE run=?1")
X(AUDIT_LIST, STORE_AUDITS,
  "SELECT run,device,device_id,label,state,pace,consent,profile,port,begun,ended,seconds,exchanges,"
  "packets,resumed,bytes,why,hours,stuck FROM audit WHERE run<?1 AND (?2='' OR device_id=?2)"
  " ORDER BY run DESC LIMIT ?3")
X(AUDIT_FIND, STORE_AUDITS,
  "SELECT run,device,device_id,label,state,pace,consent,profile,port,begun,ended,seconds,exchanges,"
  "packets,resumed,bytes,why,hours,stuck FROM audit WHERE run=?1")
X(AUDIT_DELETE, STORE_AUDITS, "DELETE FROM audit WHERE run=?1")
X(AUDIT_BYTES, STORE_AUDITS, "SELECT count(*),ifnull(sum(bytes),0) FROM audit")

X(SHELF_ADD, STORE_AUDITS,
  "INSERT INTO shelf(run,device_id,claimed_model,claimed_firmware,model,hardware,firmware,profile,"
  "answer,answer_now,added,judged,changed,support,ruleset,what)"
  " VALUES(?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)")
X(SHELF_PUT, STORE_AUDITS,
  "UPDATE shelf SET run=?2,device_id=?3,claimed_model=?4,claimed_firmware=?5,model=?6,hardware=?7,"
  "firmware=?8,profile=?9,answer=?10,answer_now=?11,added=?12,judged=?13,changed=?14,support=?15,"
  "ruleset=?16,what=?17 WHERE id=?1")
X(SHELF_LIST, STORE_AUDITS,
  "SELECT id,run,device_id,claimed_model,claimed_firmware,model,hardware,firmware,profile,answer,"
  "answer_now,added,judged,changed,support,ruleset,what FROM shelf WHERE ?1=0 OR id=?1 ORDER BY id")
X(SHELF_DELETE, STORE_AUDITS, "DELETE FROM shelf WHERE id=?1")

X(STEP_PUT, STORE_AUDITS,
  "INSERT INTO step(run,place,name,step) VALUES(?1,?2,?3,?4)"
  " ON CONFLICT(run,name) DO UPDATE SET step=?4")
X(STEP_LIST, STORE_AUDITS, "SELECT name,step FROM step WHERE run=?1 ORDER BY place")
X(STEP_DELETE, STORE_AUDITS, "DELETE FROM step WHERE run=?1")

X(FINDING_PUT, STORE_AUDITS,
  "INSERT INTO finding(run,name,place,provision,word,reason,critical,proto,port,address,tried,"
  "entire,evidence,text) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)")
X(FINDING_LIST, STORE_AUDITS,
  "SELECT name,provision,word,reason,critical,proto,port,address,tried,entire,evidence,text"
  " FROM finding WHERE run=?1 ORDER BY name,place")
X(FINDING_CLEAR, STORE_AUDITS, "DELETE FROM finding WHERE run=?1 AND name=?2")
X(FINDING_DELETE, STORE_AUDITS, "DELETE FROM finding WHERE run=?1")

X(SKY_PUT, STORE_OBSERVED,
  "INSERT INTO sky(device,time,state,wide,origins,rules,ports,neighbours,addresses4,addresses6,"
  "open4,open6) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) ON CONFLICT(device,time) DO UPDATE"
  " SET state=?3,wide=?4,origins=?5,rules=?6,ports=?7,neighbours=?8,addresses4=?9,addresses6=?10,"
  "open4=?11,open6=?12")
X(SKY_PRUNE, STORE_OBSERVED,
  "DELETE FROM sky WHERE device=?1 AND time IN (SELECT time FROM sky WHERE device=?1"
  " ORDER BY time DESC LIMIT -1 OFFSET ?2)")
X(SKY_LIST, STORE_OBSERVED,
  "SELECT device,time,state,wide,origins,rules,ports,neighbours,addresses4,addresses6,open4,open6"
  " FROM sky WHERE device=?1 ORDER BY time")
X(SKY_LAST, STORE_OBSERVED,
  "SELECT device,max(time),state,wide,origins,rules,ports,neighbours,addresses4,addresses6,open4,"
  "open6 FROM sky GROUP BY device")
X(SKY_FORGET, STORE_OBSERVED, "DELETE FROM sky WHERE device=?1")

X(PULSE_PUT, STORE_OBSERVED,
  "INSERT INTO pulse(device,hour,body) VALUES(?1,?2,?3) ON CONFLICT(device) DO UPDATE SET hour=?2,body=?3")
X(PULSE_LIST, STORE_OBSERVED, "SELECT device,hour,body FROM pulse")
X(PULSE_FORGET, STORE_OBSERVED, "DELETE FROM pulse WHERE device=?1")

X(LABEL_PUT, STORE_DECISIONS,
  "INSERT INTO label(number,id,device_id,revision,body,act,act_reason,status,status_reason,changed)"
  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT(number) DO UPDATE SET id=?2,device_id=?3,"
  "revision=?4,body=?5,act=?6,act_reason=?7,status=?8,status_reason=?9,changed=?10")
X(LABEL_LIST, STORE_DECISIONS,
  "SELECT number,id,device_id,revision,body,act,act_reason,status,status_reason,changed FROM label"
  " ORDER BY number")
X(SAID_ADD, STORE_DECISIONS, "INSERT INTO said(n,body) VALUES(?1,?2)")
X(SAID_LIST, STORE_DECISIONS, "SELECT n,body FROM said WHERE n>=?1 ORDER BY n LIMIT ?2")
X(SAID_COUNT, STORE_DECISIONS, "SELECT count(*) FROM said")
X(FEED_PUT, STORE_DECISIONS,
  "INSERT INTO feed(id,body,since) VALUES(?1,?2,?3) ON CONFLICT(id) DO UPDATE SET body=?2,since=?3")
X(FEED_LIST, STORE_DECISIONS, "SELECT id,body FROM feed ORDER BY since,id")

X(RECEIVER_PUT, STORE_DECISIONS,
  "INSERT INTO receiver(number,body,secret) VALUES(?1,?2,?3)"
  " ON CONFLICT(number) DO UPDATE SET body=?2,secret=?3")
X(RECEIVER_DELETE, STORE_DECISIONS, "DELETE FROM receiver WHERE number=?1")
X(RECEIVER_LIST, STORE_DECISIONS, "SELECT number,body,secret FROM receiver ORDER BY number")
X(TELLING_PUT, STORE_OBSERVED,
  "INSERT INTO telling(ticket,made,due,tries,body) VALUES(?1,?2,?3,?4,?5)"
  " ON CONFLICT(ticket) DO UPDATE SET made=?2,due=?3,tries=?4,body=?5")
X(TELLING_DELETE, STORE_OBSERVED, "DELETE FROM telling WHERE ticket=?1")
X(TELLING_LIST, STORE_OBSERVED, "SELECT ticket,made,due,tries,body FROM telling ORDER BY ticket")

X(MAKER_PUT, STORE_AUDITS,
  "INSERT INTO maker(device_id,fact,value,first,last,run,exchange) VALUES(?1,?2,?3,?4,?5,?6,?7)"
  " ON CONFLICT(device_id,fact,value) DO UPDATE SET last=?5,run=?6,exchange=?7")
X(MAKER_LIST, STORE_AUDITS,
  "SELECT device_id,fact,value,first,last,run,exchange FROM maker WHERE device_id=?1"
  " ORDER BY fact,last DESC,first DESC")
X(MAKER_PRUNE, STORE_AUDITS,
  "DELETE FROM maker WHERE device_id=?1 AND (fact,value) IN (SELECT fact,value FROM maker"
  " WHERE device_id=?1 ORDER BY last DESC LIMIT -1 OFFSET ?2)")
X(MAKER_PRUNE_ALL, STORE_AUDITS,
  "DELETE FROM maker WHERE (device_id,fact,value) IN (SELECT device_id,fact,value FROM maker"
  " ORDER BY last DESC LIMIT -1 OFFSET ?1)")
/* clang-format on */

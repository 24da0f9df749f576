;; Threat: A plugin creates handles of WASI without end, which are stored in the host's memory and not in its own.
;; Stopped by: A limit on the handles that one instance may hold.
;; Expects: The run fails: "resource table has no free keys".
(component
  (import "baton:plugin/types@0.2.0" (instance $types
    (type $given (record (field "kind" string) (field "text" string) (field "subject" (option string)) (field "details" (option string))))
    (export "error" (type (eq $given)))))
  (alias export $types "error" (type $error))
  (import "baton:plugin/workflows@0.2.0" (instance $workflows
    (type $given (record (field "output" string) (field "shortfall" (option string))))
    (export "outcome" (type (eq $given)))))
  (alias export $workflows "outcome" (type $outcome))
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $own (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $own))))))
  (core module $store
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $kept (instantiate $store))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $code
    (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
    (func (export "run-workflow") (param i32 i32) (result i32)
      (loop $more
        (drop (call $subscribe (i64.const 1000000000000)))
        (br $more))
      (unreachable)))
  (core instance $attack (instantiate $code (with "host" (instance (export "subscribe" (func $subscribe))))))
  (func (export "run-workflow") (param "input" string) (result (result $outcome (error $error)))
    (canon lift (core func $attack "run-workflow") (memory (core memory $kept "memory")) (realloc (core func $kept "realloc")))))

;; Threat: A plugin asks WASI for 60 MiB of random numbers at once, which the host generates before the plugin has room for
;; them.
;; Stopped by: A limit on what WASI generates at once: as much as one host call may carry.
;; Expects: The run fails: "requested len 62914560 exceeds limit".
(component
  (import "baton:plugin/types@0.2.0" (instance $types
    (type $given (record (field "kind" string) (field "text" string) (field "subject" (option string)) (field "details" (option string))))
    (export "error" (type (eq $given)))))
  (alias export $types "error" (type $error))
  (import "baton:plugin/workflows@0.2.0" (instance $workflows
    (type $given (record (field "output" string) (field "shortfall" (option string))))
    (export "outcome" (type (eq $given)))))
  (alias export $workflows "outcome" (type $outcome))
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core module $store
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $kept (instantiate $store))
  (core func $bytes (canon lower (func $random "get-random-bytes") (memory (core memory $kept "memory")) (realloc (core func $kept "realloc"))))
  (core module $code
    (import "host" "bytes" (func $bytes (param i64 i32)))
    (func (export "run-workflow") (param i32 i32) (result i32)
      (call $bytes (i64.const 62914560) (i32.const 0))
      (unreachable)))
  (core instance $attack (instantiate $code (with "host" (instance (export "bytes" (func $bytes))))))
  (func (export "run-workflow") (param "input" string) (result (result $outcome (error $error)))
    (canon lift (core func $attack "run-workflow") (memory (core memory $kept "memory")) (realloc (core func $kept "realloc")))))

;; Threat: A plugin computes forever before it is called, while it is instantiated.
;; Stopped by: The limit `guest-time-ms`, which counts from the first instruction.
;; Expects: The run is paused: "The plugin computed for more than its 300 ms without an end."
(component
  (import "baton:plugin/types@0.2.0" (instance $types
    (type $given (record (field "kind" string) (field "text" string) (field "subject" (option string)) (field "details" (option string))))
    (export "error" (type (eq $given)))))
  (alias export $types "error" (type $error))
  (import "baton:plugin/workflows@0.2.0" (instance $workflows
    (type $given (record (field "output" string) (field "shortfall" (option string))))
    (export "outcome" (type (eq $given)))))
  (alias export $workflows "outcome" (type $outcome))
  (core module $code
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func $spin (loop $again (br $again)))
    (start $spin)
    (func (export "run-workflow") (param i32 i32) (result i32) (unreachable)))
  (core instance $attack (instantiate $code))
  (func (export "run-workflow") (param "input" string) (result (result $outcome (error $error)))
    (canon lift (core func $attack "run-workflow") (memory (core memory $attack "memory")) (realloc (core func $attack "realloc")))))

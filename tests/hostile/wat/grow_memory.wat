;; Threat: A plugin grows its memory with the instruction itself, bypassing its allocator.
;; Stopped by: The limit `memory-mib`, checked whenever a memory grows.
;; Expects: The instruction reports failure. The plugin ends with no more than its 16 MiB.
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
    (func (export "run-workflow") (param i32 i32) (result i32) (local $number i32) (local $place i32)
      (loop $more
        (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
      (local.set $number (memory.size))
      ;; The number as a JSON string of eight digits, in an answer of the kind "ok".
      (i32.store8 (i32.const 16) (i32.const 34))
      (i32.store8 (i32.const 25) (i32.const 34))
      (local.set $place (i32.const 24))
      (loop $digits
        (i32.store8 (local.get $place) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
        (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
        (local.set $place (i32.sub (local.get $place) (i32.const 1)))
        (br_if $digits (i32.gt_u (local.get $place) (i32.const 16))))
      (i32.store (i32.const 4) (i32.const 16))
      (i32.store (i32.const 8) (i32.const 10))
      (i32.const 0)))
  (core instance $attack (instantiate $code))
  (func (export "run-workflow") (param "input" string) (result (result $outcome (error $error)))
    (canon lift (core func $attack "run-workflow") (memory (core memory $attack "memory")) (realloc (core func $attack "realloc")))))

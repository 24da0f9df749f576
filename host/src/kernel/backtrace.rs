//! Names the place in a plugin's code that called the host, as far as its file says. Calls nothing.

use wasmtime::WasmBacktrace;

/// Crates between a plugin's code and the host, by the beginning of their functions' names.
const BETWEEN: &[&str] = &["baton_sdk::", "<baton_sdk::", "core::", "<core::", "alloc::", "<alloc::", "wit_bindgen::", "wit-component:"];
/// Characters of a name that are shown: a plugin can call itself anything.
const LONGEST: usize = 200;

/// The innermost function that is the plugin's own, with its line where the file holds debug information that the engine was
/// told to read. None where the file has no names, or those of an interpreter.
pub(super) fn line(backtrace: &WasmBacktrace) -> Option<String> {
    backtrace.frames().iter().find_map(|frame| {
        let symbols = frame.symbols().iter().map(|symbol| (symbol.name(), symbol.file(), symbol.line()));
        symbols.chain([(frame.func_name(), None, None)]).find_map(|(name, file, line)| place(name?, file, line))
    })
}

fn place(name: &str, file: Option<&str>, line: Option<u32>) -> Option<String> {
    let name = name.rsplit_once("::h").filter(|(_, hash)| is_hash(hash)).map_or(name, |(name, _)| name);
    let is_own = name.contains("::") && !BETWEEN.iter().any(|between| name.starts_with(between));
    is_own.then(|| {
        let name: String = name.chars().take(LONGEST).collect();
        match (file, line) {
            (Some(file), Some(line)) => format!("{name} ({}:{line})", file.chars().take(LONGEST).collect::<String>()),
            _ => name,
        }
    })
}

fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Func, Instance, Module, Store};

    use super::*;
    use crate::journal::{Interrupt, Pause, PauseKind};

    #[test]
    fn the_plugins_own_function_is_named() {
        for (name, file, line, expected) in [
            ("probe::calls::count::h0123456789abcdef", None, None, Some("probe::calls::count")),
            ("probe::calls::count", Some("src/calls.rs"), Some(7), Some("probe::calls::count (src/calls.rs:7)")),
            ("baton_sdk::files::write::h0123456789abcdef", None, None, None),
            ("<baton_sdk::imports::Real as baton_sdk::imports::Files>::write", None, None, None),
            ("PyEval_EvalFrameDefault", None, None, None),
        ] {
            assert_eq!(place(name, file, line).as_deref(), expected, "{name}");
        }
        assert!(place(&format!("a::{}", "x".repeat(9_000)), None, None).unwrap().len() < 300);
    }

    #[test]
    fn it_is_found_on_the_way_from_the_host_to_the_guest() {
        let engine = Engine::default();
        let text = r#"(module (import "" "" (func $host)) (func $baton_sdk::files::write call $host)
            (func $probe::calls::count::h0123456789abcdef call $baton_sdk::files::write) (func (export "run") call $probe::calls::count::h0123456789abcdef))"#;
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let host = Func::wrap(&mut store, || -> wasmtime::Result<()> {
            Err(wasmtime::Error::new(Interrupt::from(Pause::new(PauseKind::Mismatch, "No."))))
        });
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<WasmBacktrace>().and_then(line).as_deref(), Some("probe::calls::count"));
        assert!(error.downcast::<Interrupt>().is_ok());
    }
}

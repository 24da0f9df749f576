//! Two versions of the contract side by side, by adapters to the same port: a component of each is executed by one linker, and
//! what the journal holds does not tell which.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use baton::{
    bindings::settings::Host as _,
    errors::StorageError,
    interfaces::{
        Settings, settings,
        settings::{LiveSettings, View},
    },
    journal::{Authority, Capability, Clock, Denial, Entry, EntryState, Halt, Journal, Limits, Ports, Recorder, RunId, Write},
};
use serde_json::{Value, json};
use wasmtime::{
    Engine, Store,
    component::{Component, HasData, Linker},
};

mod later {
    wasmtime::component::bindgen!({
        path: "later-contract",
        world: "later",
        imports: { default: async | trappable },
    });
}

/// `settings` of the contract 0.3, by the view that serves the contract 0.2.
struct Adapter<'a>(View<'a>);

impl later::baton::plugin::settings::Host for Adapter<'_> {
    async fn get(&mut self, key: String, otherwise: String) -> wasmtime::Result<String> {
        Ok(self.0.get(key).await?.unwrap_or(otherwise))
    }
}

struct Adapted;

impl HasData for Adapted {
    type Data<'a> = Adapter<'a>;
}

/// What a component has to itself.
struct Scene {
    recorder: Recorder,
    settings: Settings,
    live: Arc<dyn LiveSettings>,
}

impl Scene {
    fn new(kept: &Arc<Kept>) -> Self {
        let ports = Ports { journal: kept.clone(), clock: kept.clone(), authority: kept.clone() };
        let limits = Limits { payload: 1 << 20, calls: 10 };
        let recorder = Recorder::new(RunId::at(0, [7; 10]), Vec::new(), 0, limits, Halt::default(), ports);
        Self { recorder, settings: Settings::merge(&[json!({ "team": { "size": 7 } })]), live: kept.clone() }
    }

    fn view(&mut self) -> View<'_> {
        View { recorder: &mut self.recorder, settings: &self.settings, live: &self.live, project: "demo" }
    }
}

/// The calls that were done.
#[derive(Default)]
struct Kept(Mutex<Vec<Entry>>);

#[async_trait]
impl LiveSettings for Kept {
    async fn find(&self, _: &str, _: &str) -> Result<Option<Value>, String> {
        Ok(None)
    }
}

#[async_trait]
impl Journal for Kept {
    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        self.0.lock().unwrap().extend(writes.into_iter().map(|write| write.entry).filter(|entry| entry.state == EntryState::Done));
        Ok(())
    }

    async fn enqueue(&self, write: Write) -> Result<(), StorageError> {
        self.write(vec![write]).await
    }

    async fn entries_after(&self, _: &RunId, _: u64) -> Result<Vec<Entry>, StorageError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

impl Clock for Kept {
    fn now(&self) -> u64 {
        0
    }
}

impl Authority for Kept {
    fn decide(&self, _: &Capability<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

/// A component whose `run` gives what it gets for a key. `signature` is that of the import and `core` its parameters in the
/// module, of which the last is where the result goes; the text begins there at `offset`.
fn component(version: &str, signature: &str, core: &str, arguments: &str, offset: u32) -> String {
    format!(
        r#"(component
            (import "baton:plugin/settings@{version}" (instance $settings (export "get" (func {signature}))))
            (core module $memory
                (memory (export "memory") 1)
                (data (i32.const 16) "team.size") (data (i32.const 32) "none")
                (global $next (mut i32) (i32.const 1024))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                    global.get $next global.get $next local.get 3 i32.add global.set $next))
            (core instance $memory (instantiate $memory))
            (core func $get
                (canon lower (func $settings "get") (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
            (core module $main
                (import "host" "get" (func $get (param {core})))
                (func (export "run") (result i32)
                    {arguments} (i32.const 64) call $get
                    (i32.const {result})))
            (core instance $main (instantiate $main (with "host" (instance (export "get" (func $get))))))
            (func (export "run") (result string) (canon lift (core func $main "run") (memory (core memory $memory "memory")))))"#,
        result = 64 + offset
    )
}

async fn run(engine: &Engine, linker: &Linker<Scene>, kept: &Arc<Kept>, component: &str) -> String {
    let component = Component::new(engine, wat::parse_str(component).unwrap()).unwrap();
    let mut store = Store::new(engine, Scene::new(kept));
    let instance = linker.instantiate_async(&mut store, &component).await.unwrap();
    let run = instance.get_typed_func::<(), (String,)>(&mut store, "run").unwrap();
    run.call_async(&mut store, ()).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_of_each_contract_is_served_by_the_same_port() {
    let engine = Engine::default();
    let mut linker = Linker::<Scene>::new(&engine);
    settings::link(&mut linker, |scene: &mut Scene| scene.view()).unwrap();
    later::baton::plugin::settings::add_to_linker::<_, Adapted>(&mut linker, |scene| Adapter(scene.view())).unwrap();
    const KEY: &str = "(i32.const 16) (i32.const 9)";
    let now = component("0.2.0", r#"(param "key" string) (result (option string))"#, "i32 i32 i32", KEY, 4);
    let with_default = r#"(param "key" string) (param "otherwise" string) (result string)"#;
    let later = |key: &str| component("0.3.0", with_default, "i32 i32 i32 i32 i32", &format!("{key} (i32.const 32) (i32.const 4)"), 0);
    let kept = Arc::new(Kept::default());
    assert_eq!(run(&engine, &linker, &kept, &now).await, "7");
    assert_eq!(run(&engine, &linker, &kept, &later(KEY)).await, "7");
    assert_eq!(run(&engine, &linker, &kept, &later("(i32.const 32) (i32.const 4)")).await, "none", "the default is given");
    let kept = kept.0.lock().unwrap();
    assert_eq!((&kept[0].call, &kept[0].request_hash, &kept[0].answer), (&kept[1].call, &kept[1].request_hash, &kept[1].answer));
}

//! Which host answers the calls of this thread. Stands in for the import table of a component, which is fixed when the
//! component is linked and so needs no such thing: nothing here is part of a component.

use std::{cell::RefCell, rc::Rc};

use super::world::World;

thread_local! {
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// Does `work` with `world` answering every call; afterwards, also after a panic, the one before answers again.
pub(super) fn inside<A>(world: &Rc<World>, work: impl FnOnce() -> A) -> A {
    let _previous = Previous(WORLD.replace(Some(Rc::clone(world))));
    work()
}

/// Whoever answers `call`.
#[expect(clippy::panic, reason = "a test fails by panicking, and there is no host to answer")]
pub(super) fn world(call: &str) -> Rc<World> {
    WORLD.with_borrow(Clone::clone).unwrap_or_else(|| {
        panic!("`{call}` was called and there is no host. In a test, call the plugin through `baton_sdk::testing::Host`; to run it, build it for wasm32-wasip2.")
    })
}

struct Previous(Option<Rc<World>>);

impl Drop for Previous {
    fn drop(&mut self) {
        WORLD.set(self.0.take());
    }
}

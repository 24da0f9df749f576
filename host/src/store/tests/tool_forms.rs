use super::{HOSTILE, fresh, open};
use crate::{
    actor::Actor,
    events::{Category, EventLog},
    interfaces::{toolboxes::Form, tools::Pins},
    kernel::grants::Grants,
};

fn form(text: &str) -> Form {
    Form { description: text.to_owned(), parameters: "p".to_owned(), effects: "e".to_owned() }
}

#[tokio::test]
async fn the_first_form_is_kept_until_another_is_approved() {
    let (folder, store) = fresh().await;
    for plugin in ["ada", "bob"] {
        store.pin(plugin, vec![("web.look".to_owned(), form("one")), (HOSTILE[0].to_owned(), form(HOSTILE[1]))]).await.unwrap();
        store.pin(plugin, vec![("web.look".to_owned(), form("two"))]).await.unwrap();
    }
    assert_eq!(store.load_pinned("ada").await.unwrap()["web.look"], form("one"));
    assert_eq!(store.load_pinned("ada").await.unwrap()[HOSTILE[0]], form(HOSTILE[1]));
    assert!(store.load_pinned("eve").await.unwrap().is_empty());
    assert_eq!(store.approve("web.look", &form("two"), &Actor::operator("tester")).await.unwrap(), ["ada", "bob"]);
    assert!(store.approve("web.look", &form("two"), &Actor::operator("tester")).await.unwrap().is_empty());
    assert!(store.approve("web.none", &form("two"), &Actor::operator("tester")).await.unwrap().is_empty());
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(store.pins().await.unwrap().iter().filter(|pin| pin.form == form("two")).count(), 2);
    let events = store.after(0, None, 10).await.unwrap();
    assert_eq!((events.len(), events[0].draft.category, events[0].draft.name.as_str()), (2, Category::Audit, "approved"));
    assert_eq!(events[1].draft.data["plugin"], "bob", "each is in its plugin's history");
}

#[tokio::test]
async fn what_is_decided_again_is_forgotten() {
    let (_folder, store) = fresh().await;
    for plugin in ["ada", "bob"] {
        store.pin(plugin, ["web.look", "web.post"].map(|tool| (tool.to_owned(), form("one"))).to_vec()).await.unwrap();
    }
    Grants::forget_forms(&store, "ada", &|kind, tool| kind == "tools" && tool == "web.look").await.unwrap();
    assert_eq!(store.load_pinned("ada").await.unwrap().into_keys().collect::<Vec<_>>(), ["web.post"]);
    assert_eq!(store.load_pinned("bob").await.unwrap().len(), 2);
}

//! Keys that a service rejects: another of the same name is tried, and none is sent again and again.

use std::sync::Mutex;

use super::*;
use crate::interfaces::keys::Keys;

const FIRST: &str = "sk-first-key";
const SECOND: &str = "sk-second-key";

/// The secret of the one name that there is, if it is set.
#[derive(Default)]
struct Kept(Mutex<Option<&'static str>>);

impl Keys for Kept {
    fn find(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().filter(|_| name == "LAB_KEY").map(str::to_owned)
    }
}

fn network(service: &Service, given: Option<&str>, kept: &Arc<Kept>) -> Network {
    let account = Account {
        name: "service".to_owned(),
        protocol: Protocol::OpenAiCompatible,
        base_url: service.base_url.clone(),
        api_key: given.map(Secret::new),
        key_variable: Some("LAB_KEY".to_owned()),
    };
    let client = Arc::new(Client::new(None, Duration::from_secs(5)).unwrap());
    Network::new(client, account, service.pace.clone(), None).unwrap().finding(Arc::clone(kept) as _)
}

fn rejects(status: &str) -> String {
    http(status, "", r#"{"error": {"message": "Not with this key."}}"#)
}

fn keys(service: &Service) -> Vec<String> {
    let of = |heard: &Heard| heard.head.lines().find_map(|line| line.strip_prefix("authorization: bearer ")).unwrap_or_default().to_owned();
    service.heard().iter().map(of).collect()
}

fn marks(error: &ProviderError) -> Vec<String> {
    match error {
        ProviderError::KeyRejected { marks, .. } => marks.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rejected_key_is_not_sent_again_until_there_is_another() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let (service, kept) = (Service::new(vec![rejects(status), said_by_openai("hi")]).await, Arc::new(Kept::default()));
        let network = network(&service, Some(FIRST), &kept);
        let error = network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
        assert_eq!(marks(&error), [kept.mark("LAB_KEY", FIRST)]);
        assert!(error.charged() == Charge::No && !error.to_string().contains(FIRST), "{error}");
        let again = network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
        assert_eq!((marks(&again), service.heard().len()), (marks(&error), 1), "it is not asked with the same key");
        *kept.0.lock().unwrap() = Some(FIRST);
        network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
        assert_eq!(service.heard().len(), 1, "the same key, set once more, is the same key");
        *kept.0.lock().unwrap() = Some(SECOND);
        assert_eq!(network.complete(CALLER, "m", &ask("hello")).await.unwrap().text(), "hi");
        assert_eq!(keys(&service), [FIRST, SECOND]);
    }
}

#[tokio::test]
async fn the_key_of_the_environment_gives_way_to_a_secret_in_the_same_call() {
    let service = Service::new(vec![rejects("401 Unauthorized"), said_by_openai("hi"), said_by_openai("hi")]).await;
    let network = network(&service, Some(FIRST), &Arc::new(Kept(Mutex::new(Some(SECOND)))));
    assert_eq!(network.complete(CALLER, "m", &ask("hello")).await.unwrap().text(), "hi");
    assert_eq!(network.complete(CALLER, "m", &ask("hello")).await.unwrap().text(), "hi");
    assert_eq!(keys(&service), [FIRST, SECOND, SECOND]);
}

#[tokio::test]
async fn where_each_key_is_rejected_all_are_told_and_another_model_is_another_matter() {
    let service = Service::new(vec![rejects("401 Unauthorized"), rejects("403 Forbidden"), said_by_openai("hi")]).await;
    let kept = Arc::new(Kept(Mutex::new(Some(SECOND))));
    let network = network(&service, Some(FIRST), &kept);
    let error = network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
    assert_eq!(marks(&error), [kept.mark("LAB_KEY", FIRST), kept.mark("LAB_KEY", SECOND)]);
    assert!(error.to_string().contains("Not with this key."), "{error}");
    assert_eq!(network.complete(CALLER, "another", &ask("hello")).await.unwrap().text(), "hi");
}

#[tokio::test]
async fn a_key_that_is_set_later_is_found() {
    let (service, kept) = (Service::new(vec![said_by_openai("hi")]).await, Arc::new(Kept::default()));
    let network = network(&service, None, &kept);
    let error = network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::KeyMissing { name, .. } if name == "LAB_KEY"), "{error}");
    *kept.0.lock().unwrap() = Some(SECOND);
    assert_eq!(network.complete(CALLER, "m", &ask("hello")).await.unwrap().text(), "hi");
}

#[tokio::test]
async fn a_service_that_names_no_key_has_none_to_wait_for() {
    let service = Service::new(vec![rejects("401 Unauthorized")]).await;
    let error = service.ask(Protocol::OpenAiCompatible, &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Refused { .. }), "{error}");
}

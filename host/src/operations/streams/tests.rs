use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{hub::QUEUE, *};
use crate::{
    app::tests::config,
    events::{Category, Draft},
    interfaces::llm::{Piece, ReplyProgress},
    operations::{
        Access, Actor, Host,
        access::{Caller, VisibleProjects},
    },
};

/// What no test waits for.
const NEVER: Duration = Duration::from_secs(3_600);

/// A host whose log is followed.
struct Followed {
    folder: TempDir,
    host: Arc<Host>,
    hub: EventHub,
}

impl Followed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = Arc::new(Host::open(config(folder.path()), Access::Execute).await.unwrap());
        let hub = EventHub::start(Arc::clone(&host)).await.unwrap();
        Self { folder, host, hub }
    }

    /// Writes events with these numbers.
    async fn write(&self, numbers: impl IntoIterator<Item = u64>) {
        let event = |number| Draft::for_test(Category::System, "tick", None, json!({ "number": number, "project": "p1" }));
        self.host.app.kernel.events().append(numbers.into_iter().map(event).collect()).await.unwrap();
    }

    async fn newest(&self) -> i64 {
        self.host.app.kernel.events().newest().await.unwrap()
    }

    fn operator(&self) -> Caller {
        Caller::operator(Actor::operator("ada"))
    }

    async fn follow(&self, request: FollowEvents) -> Subscription {
        self.hub.follow(&self.operator(), &request, 8, NEVER).await.unwrap()
    }

    async fn follow_after(&self, cursor: i64) -> Subscription {
        self.follow(FollowEvents { after: Some(cursor), categories: vec![Category::System], ..FollowEvents::default() }).await
    }
}

async fn next(stream: &mut Subscription) -> Option<Value> {
    let frame = timeout(Duration::from_secs(30), stream.next()).await.expect("a frame comes within half a minute")?;
    Some(serde_json::from_slice(&frame.json).unwrap())
}

async fn next_of(stream: &mut Subscription, kind: &str) -> Value {
    let frame = next(stream).await.unwrap();
    assert_eq!(frame["type"], kind, "{frame}");
    frame
}

/// The numbers of the next events.
async fn numbers(stream: &mut Subscription, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let frame = next(stream).await.unwrap();
        numbers.extend(frame["data"]["number"].as_u64());
    }
    numbers
}

#[tokio::test]
async fn a_stream_has_what_was_and_what_comes_each_once() {
    let followed = Followed::new().await;
    let begin = followed.newest().await;
    followed.write(0..1_300).await;
    let mut stream = followed.follow_after(begin).await;
    assert_eq!(next_of(&mut stream, "stream.opened").await["cursor"], begin);
    let mut seen = numbers(&mut stream, 700).await;
    followed.write(1_300..1_500).await;
    seen.extend(numbers(&mut stream, 700).await);
    for number in 1_500..1_600 {
        followed.write([number]).await;
    }
    seen.extend(numbers(&mut stream, 200).await);
    assert_eq!(seen, (0..1_600).collect::<Vec<_>>());
    let mut from_now_on = followed.follow(FollowEvents::default()).await;
    next_of(&mut from_now_on, "stream.opened").await;
    followed.write([1_600]).await;
    assert_eq!([numbers(&mut from_now_on, 1).await, numbers(&mut stream, 1).await], [[1_600], [1_600]]);
}

#[tokio::test]
async fn a_slow_reader_is_closed_with_its_cursor_and_others_do_not_notice() {
    let followed = Followed::new().await;
    let (mut slow, mut quick) = (followed.follow_after(followed.newest().await).await, followed.follow_after(0).await);
    next_of(&mut slow, "stream.opened").await;
    followed.write([0]).await;
    assert_eq!(numbers(&mut slow, 1).await, [0]);
    let count = QUEUE as u64 + 500;
    let reads = async { numbers(&mut quick, 1 + count as usize).await };
    let writes = async {
        for begin in (1..=count).step_by(100) {
            followed.write(begin..(begin + 100).min(count + 1)).await;
        }
    };
    let (read, ()) = tokio::join!(reads, writes);
    assert_eq!(read, (0..=count).collect::<Vec<_>>());
    let closed = next_of(&mut slow, "stream.closed").await;
    assert_eq!(closed["reason"], "slow");
    assert!(next(&mut slow).await.is_none());
    let mut resumed = followed.follow_after(closed["cursor"].as_i64().unwrap()).await;
    assert_eq!(numbers(&mut resumed, count as usize).await, (1..=count).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_user_has_so_many_streams_and_a_client_one() {
    let followed = Followed::new().await;
    let named = |client: &str| FollowEvents { client: Some(client.to_owned()), ..FollowEvents::default() };
    let ada = followed.operator();
    let mut first = followed.hub.follow(&ada, &named("tab"), 2, NEVER).await.unwrap();
    let _second = followed.hub.follow(&ada, &FollowEvents::default(), 2, NEVER).await.unwrap();
    let refused = followed.hub.follow(&ada, &FollowEvents::default(), 2, NEVER).await.err().unwrap();
    assert_eq!(refused.code, "streams_exhausted");
    let bob = Caller::operator(Actor::operator("bob"));
    drop(followed.hub.follow(&bob, &named("tab"), 2, NEVER).await.unwrap());
    let again = followed.hub.follow(&ada, &named("tab"), 2, NEVER).await.unwrap();
    assert_eq!(next_of(&mut first, "stream.closed").await["reason"], "replaced");
    assert!(followed.hub.follow(&ada, &FollowEvents::default(), 2, NEVER).await.is_err(), "a replaced stream gave up its place");
    drop((first, again));
    assert_eq!(followed.hub.count(), 1);
    assert!(followed.hub.follow(&ada, &named(&"x".repeat(101)), 2, NEVER).await.is_err_and(|problem| problem.field.is_some()));
}

#[tokio::test]
async fn a_cursor_that_is_too_old_begins_with_the_oldest_and_one_of_the_future_is_rejected() {
    use sqlx::{Connection as _, Executor as _};

    let followed = Followed::new().await;
    let begin = followed.newest().await;
    followed.write(0..10).await;
    let url = format!("sqlite://{}?mode=rw", followed.folder.path().join("data/baton.db").display());
    let mut other = sqlx::AnyConnection::connect(&url).await.unwrap();
    let kept = begin + 5;
    other.execute(sqlx::AssertSqlSafe(format!("delete from events where cursor < {kept}"))).await.unwrap();
    let mut stream = followed.follow_after(begin).await;
    next_of(&mut stream, "stream.opened").await;
    let truncated = next_of(&mut stream, "log.truncated").await;
    assert_eq!((truncated["after"].as_i64(), truncated["cursor"].as_i64()), (Some(begin), Some(kept - 1)));
    assert_eq!(numbers(&mut stream, 6).await, [4, 5, 6, 7, 8, 9]);
    for wrong in [begin + 11, i64::MAX, -1] {
        let request = FollowEvents { after: Some(wrong), ..FollowEvents::default() };
        let problem = followed.hub.follow(&followed.operator(), &request, 8, NEVER).await.err().unwrap();
        assert_eq!((problem.code.as_ref(), problem.field.as_deref()), ("cursor_invalid", Some("after")), "{wrong}");
    }
}

#[tokio::test]
async fn a_stream_says_that_it_lives_and_how_far_it_is() {
    let followed = Followed::new().await;
    let request = FollowEvents { categories: vec![Category::Auth], ..FollowEvents::default() };
    let mut stream = followed.hub.follow(&followed.operator(), &request, 8, Duration::from_millis(20)).await.unwrap();
    next_of(&mut stream, "stream.opened").await;
    followed.write(0..3).await;
    let newest = followed.newest().await;
    while next_of(&mut stream, "heartbeat").await["cursor"].as_i64().unwrap() < newest {}
    assert_eq!(HEARTBEAT, Duration::from_secs(15));
}

#[tokio::test]
async fn what_does_not_exist_for_a_caller_is_not_in_their_stream() {
    let followed = Followed::new().await;
    let see = |id: &str| Caller { projects: VisibleProjects::Only(BTreeSet::from([id.to_owned()])), ..followed.operator() };
    let begin = FollowEvents { after: Some(followed.newest().await), ..FollowEvents::default() };
    let mut own = followed.hub.follow(&see("p1"), &begin, 8, NEVER).await.unwrap();
    let mut foreign = followed.hub.follow(&see("p2"), &begin, 8, Duration::from_millis(20)).await.unwrap();
    followed.write([0]).await;
    assert_eq!(numbers(&mut own, 1).await, [0]);
    let newest = followed.newest().await;
    loop {
        let frame = next(&mut foreign).await.unwrap();
        assert!(frame["category"].is_null(), "{frame}");
        if frame["cursor"].as_i64() >= Some(newest) {
            break;
        }
    }
    let unknown = async |request: FollowEvents| followed.hub.follow(&see("p1"), &request, 8, NEVER).await.err().unwrap().code;
    assert_eq!(unknown(FollowEvents { project: Some("p2".to_owned()), ..FollowEvents::default() }).await, "project_not_found");
    assert_eq!(unknown(FollowEvents { run: Some("r".to_owned()), ..FollowEvents::default() }).await, "run_not_found");
    let item = FollowEvents { item: Some("S-1".to_owned()), ..FollowEvents::default() };
    assert_eq!(followed.hub.follow(&see("p1"), &item, 8, NEVER).await.err().unwrap().field.as_deref(), Some("item"));
}

#[tokio::test]
async fn what_models_write_is_told_and_who_comes_late_has_it_from_the_beginning() {
    let followed = Followed::new().await;
    let tell = async |offset, text: Option<&str>| {
        let said = text.map_or(ReplyProgress::Over, |text| ReplyProgress::Text(text.to_owned()));
        let piece = Piece { run: "r".to_owned(), plugin: "mary".to_owned(), call: "r:7".to_owned(), offset, said };
        followed.hub.shared.tell(piece).await.unwrap();
    };
    tell(0, Some("Once")).await;
    let mut late = followed.follow(FollowEvents { tokens: true, ..FollowEvents::default() }).await;
    let mut without = followed.follow(FollowEvents::default()).await;
    next_of(&mut late, "stream.opened").await;
    let token = next_of(&mut late, "run.token").await;
    assert_eq!((&token["text"], &token["offset"], &token["done"]), (&json!("Once"), &json!(0), &json!(false)));
    tell(4, Some(" upon")).await;
    tell(9, None).await;
    assert_eq!(next_of(&mut late, "run.token").await["text"], " upon");
    assert_eq!(next_of(&mut late, "run.token").await["done"], true);
    next_of(&mut without, "stream.opened").await;
    followed.write([0]).await;
    assert_eq!(numbers(&mut without, 1).await, [0]);
}

#[tokio::test]
async fn a_host_that_stops_says_so_in_every_stream() {
    let followed = Followed::new().await;
    let mut stream = followed.follow_after(0).await;
    next_of(&mut stream, "stream.opened").await;
    followed.hub.close();
    assert_eq!(next_of(&mut stream, "stream.closed").await["reason"], "shutdown");
    assert!(followed.hub.follow(&followed.operator(), &FollowEvents::default(), 8, NEVER).await.is_err());
}

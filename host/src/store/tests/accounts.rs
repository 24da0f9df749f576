//! Accounts, as they are kept: what is one step, and what ends with what.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::json;
use tempfile::TempDir;

use super::{Category, Draft, HOSTILE, Store};
use crate::{
    accounts::{
        AccountError, KeyChange, Member, MemberChange, NewSession, NewToken, NewUser, Permission, Refreshed, Role, Sessions as _,
        SetupLinks as _, SigningKey, SigningKeys as _, Token, Tokens as _, UserChange, Users as _, access_token,
    },
    actor::Actor,
    events::EventLog as _,
    journal::Clock,
    kernel::projects::{Opening, Projects as _, Purpose},
};

/// Stands until it is set.
struct Standing(AtomicU64);

impl Clock for Standing {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Home {
    folder: TempDir,
    clock: Arc<Standing>,
    store: Store,
}

impl Home {
    async fn new() -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), Arc::new(Standing(AtomicU64::new(1_000))));
        let store = Store::open(&folder.path().join("data"), Arc::clone(&clock) as _).await.unwrap();
        Self { folder, clock, store }
    }

    fn set_time(&self, now: u64) {
        self.clock.0.store(now, Ordering::SeqCst);
    }

    async fn add_project(&self, name: &str) -> String {
        let folder = self.folder.path().join(name);
        let purpose = Purpose::Add { name: Some(name.to_owned()), repository: None };
        self.store.open_project(&Opening { id: format!("id-{name}"), folder, purpose, by: None }).await.unwrap().unwrap().id
    }

    async fn names(&self) -> Vec<String> {
        self.store.after(0, None, 1_000).await.unwrap().into_iter().map(|event| event.draft.name).collect()
    }
}

fn told(name: &str) -> Vec<Draft> {
    vec![Draft::for_test(Category::Audit, name, None, json!({}))]
}

fn user(name: &str, role: Role) -> NewUser {
    let password = format!("hash of {name}");
    NewUser { id: format!("id-{name}"), name: name.to_owned(), password, role, all_projects: true, members: Vec::new() }
}

fn session(id: &str, user: &str, expires_at: u64) -> NewSession {
    let address = Some("203.0.113.7".to_owned());
    NewSession { id: id.to_owned(), user: format!("id-{user}"), refresh: format!("{id}-0"), expires_at, address }
}

fn token(id: &str, user: &str, expires_at: Option<u64>) -> NewToken {
    let token = Token {
        id: id.to_owned(),
        user: format!("id-{user}"),
        name: id.to_owned(),
        permissions: None,
        projects: None,
        created_at: 0,
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    NewToken { token, hash: format!("hash of {id}") }
}

fn key(id: &str) -> SigningKey {
    SigningKey { id: id.to_owned(), secret: vec![7; 32], created_at: 0, retired_at: None }
}

#[tokio::test]
async fn a_name_is_one_user_however_it_is_written() {
    let home = Home::new().await;
    let added = home.store.add_user(&user("Ada", Role::Admin), None, told("added")).await.unwrap();
    assert_eq!((&*added.name, added.role, added.created_at, added.disabled_at), ("Ada", Role::Admin, 1_000, None));
    let taken = home.store.add_user(&user("ADA", Role::Viewer), None, told("added")).await;
    assert_eq!(taken, Err(AccountError::NameTaken("Ada".to_owned())));
    let login = home.store.find_login("ada").await.unwrap().unwrap();
    assert_eq!((login.user, &*login.password), (added.clone(), "hash of Ada"));
    assert_eq!(home.store.find_user("id-Ada").await.unwrap(), Some(added.clone()));
    assert_eq!(home.store.users().await.unwrap(), [added]);
    for odd in HOSTILE {
        assert!(home.store.find_login(odd).await.unwrap().is_none() && home.store.find_user(odd).await.unwrap().is_none());
        assert_eq!(home.store.change_user(odd, &UserChange::default(), told("x")).await, Err(AccountError::NoUser(odd.to_owned())));
    }
    assert_eq!(home.names().await, ["added"], "what changed nothing is not told");
}

#[tokio::test]
async fn what_is_delegated_is_kept_by_project() {
    let home = Home::new().await;
    let (shop, blog) = (home.add_project("shop").await, home.add_project("blog").await);
    let member = |project: &str, permissions: &[Permission]| Member {
        project: project.to_owned(),
        permissions: permissions.iter().copied().collect(),
    };
    let members = vec![member(&shop, &[Permission::Merge])];
    home.store.add_user(&NewUser { all_projects: false, members, ..user("ada", Role::Developer) }, None, told("a")).await.unwrap();
    let change = |project: &str, permissions: Option<&[Permission]>| UserChange {
        members: vec![MemberChange {
            project: project.to_owned(),
            permissions: permissions.map(|permissions| permissions.iter().copied().collect()),
        }],
        ..UserChange::default()
    };
    let both = [Permission::Merge, Permission::Budgets];
    let changed = home.store.change_user("id-ada", &change(&blog, Some(&[])), told("m")).await.unwrap();
    assert_eq!((changed.all_projects, changed.members.len()), (false, 2));
    let changed = home.store.change_user("id-ada", &change(&shop, Some(&both)), told("m")).await.unwrap();
    assert_eq!(changed.members.iter().find(|one| one.project == shop), Some(&member(&shop, &both)));
    let changed = home.store.change_user("id-ada", &change(&shop, None), told("m")).await.unwrap();
    assert_eq!(changed.members, [member(&blog, &[])]);
    assert!(home.store.change_user("id-ada", &change("no project", Some(&[])), told("m")).await.is_err());
    assert_eq!(home.store.find_user("id-ada").await.unwrap(), Some(changed));
}

#[tokio::test]
async fn the_last_admin_stays_where_one_has_to() {
    let home = Home::new().await;
    for (name, role) in [("ada", Role::Admin), ("bob", Role::Admin), ("eve", Role::Developer)] {
        home.store.add_user(&user(name, role), None, told("a")).await.unwrap();
    }
    let disable = UserChange { is_disabled: Some(true), keeps_admin: true, ..UserChange::default() };
    let demote = UserChange { role: Some(Role::Viewer), keeps_admin: true, ..UserChange::default() };
    let at = home.store.change_user("id-bob", &disable, told("c")).await.unwrap().disabled_at;
    assert_eq!(at, Some(1_000));
    let last = || AccountError::LastAdmin("ada".to_owned());
    assert_eq!(home.store.change_user("id-ada", &disable, told("c")).await, Err(last()));
    assert_eq!(home.store.change_user("id-ada", &demote, told("c")).await, Err(last()));
    assert_eq!(home.store.remove_user("id-ada", true, told("r")).await, Err(last()));
    // Nothing is lost by what concerns no admin who may act.
    home.store.change_user("id-eve", &disable, told("c")).await.unwrap();
    home.store.remove_user("id-bob", true, told("r")).await.unwrap();
    // An operator may.
    home.store.change_user("id-ada", &UserChange { keeps_admin: false, ..demote }, told("c")).await.unwrap();
    home.store.remove_user("id-ada", false, told("r")).await.unwrap();
    assert_eq!(home.store.users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_refresh_works_once_and_the_second_time_ends_the_session() {
    let home = Home::new().await;
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    home.store.add_session(&session("s", "ada", 9_000), told("in")).await.unwrap();
    home.store.add_session(&session("other", "ada", 9_000), told("in")).await.unwrap();
    let by = Actor { address: Some("198.51.100.7".to_owned()), ..Actor::system() };
    let refresh = async |used: &str, next: &str| home.store.refresh(used, next, 20_000, &by).await.unwrap();
    home.set_time(2_000);
    for (used, next) in [("s-0", "s-1"), ("s-1", "s-2"), ("s-2", "s-3")] {
        let Refreshed::Rotated(found) = refresh(used, next).await else { panic!("{used}") };
        assert_eq!((&*found.session.id, found.session.refreshed_at, found.session.expires_at), ("s", 2_000, 20_000));
        assert_eq!((&*found.user.name, found.session.address.as_deref()), ("ada", Some("203.0.113.7")));
    }
    assert_eq!(refresh("s-9", "x").await, Refreshed::Unknown);
    assert!(home.store.find_session("s").await.unwrap().unwrap().session.revoked_at.is_none());
    assert_eq!(refresh("s-1", "x").await, Refreshed::Reused);
    assert_eq!(home.store.find_session("s").await.unwrap().unwrap().session.revoked_at, Some(2_000));
    assert_eq!(refresh("s-3", "x").await, Refreshed::Unknown, "what was never used ends with it");
    assert_eq!(refresh("s-1", "x").await, Refreshed::Reused);
    let events = home.store.after(0, None, 1_000).await.unwrap();
    let reused: Vec<_> = events.into_iter().filter(|event| event.draft.name == "refresh_reused").collect();
    assert_eq!(reused.len(), 1, "it is told once");
    assert_eq!(reused[0].draft.data, json!({ "user": "id-ada", "name": "ada", "session": "s" }));
    assert_eq!(reused[0].draft.actor.as_ref(), Some(&by));
    assert!(matches!(refresh("other-0", "other-1").await, Refreshed::Rotated(_)), "other sessions go on");
}

#[tokio::test]
async fn two_that_refresh_at_once_do_not_both_continue() {
    let home = Home::new().await;
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    home.store.add_session(&session("s", "ada", 9_000), told("in")).await.unwrap();
    let refresh = async |next: &str| home.store.refresh("s-0", next, 20_000, &Actor::system()).await.unwrap();
    let both = tokio::join!(refresh("one"), refresh("two"));
    assert!(matches!(both, (Refreshed::Rotated(_), Refreshed::Reused) | (Refreshed::Reused, Refreshed::Rotated(_))), "{both:?}");
    assert!(home.store.find_session("s").await.unwrap().unwrap().session.revoked_at.is_some());
}

#[tokio::test]
async fn sessions_end_by_time_by_logout_and_with_their_user() {
    let home = Home::new().await;
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    home.store.add_user(&user("bob", Role::Viewer), None, told("a")).await.unwrap();
    for id in ["late", "out", "kept", "gone"] {
        home.store.add_session(&session(id, "ada", 5_000), told("in")).await.unwrap();
    }
    let refresh = async |used: &str| home.store.refresh(used, &format!("next of {used}"), 50_000, &Actor::system()).await.unwrap();
    assert!(home.store.revoke_session("out", told("out")).await.unwrap());
    assert!(!home.store.revoke_session("out", told("out")).await.unwrap());
    assert_eq!(refresh("out-0").await, Refreshed::Unknown);
    assert!(matches!(refresh("kept-0").await, Refreshed::Rotated(_)));
    let change = UserChange { password: Some("another hash".to_owned()), keeps_session: Some("kept".to_owned()), ..UserChange::default() };
    home.store.change_user("id-ada", &change, told("password")).await.unwrap();
    assert_eq!(home.store.find_login("ada").await.unwrap().unwrap().password, "another hash");
    assert_eq!(refresh("gone-0").await, Refreshed::Unknown);
    assert!(matches!(refresh("next of kept-0").await, Refreshed::Rotated(_)));
    let disable = UserChange { is_disabled: Some(true), ..UserChange::default() };
    home.store.change_user("id-ada", &disable, told("c")).await.unwrap();
    assert!(home.store.find_session("kept").await.unwrap().unwrap().session.revoked_at.is_some());
    let enable = UserChange { is_disabled: Some(false), ..UserChange::default() };
    home.store.change_user("id-ada", &enable, told("c")).await.unwrap();
    assert_eq!(refresh("next of next of kept-0").await, Refreshed::Unknown, "what ended stays ended");
    home.set_time(5_000);
    assert_eq!(refresh("late-0").await, Refreshed::Unknown);
    home.store.add_session(&session("new", "bob", 9_000), told("in")).await.unwrap();
    assert!(home.store.find_session("late").await.unwrap().is_none(), "what ended by time is forgotten");
    assert!(home.store.find_session("kept").await.unwrap().is_some());
    home.store.remove_user("id-ada", true, told("r")).await.unwrap();
    assert!(home.store.find_session("kept").await.unwrap().is_none());
    assert_eq!(home.names().await.iter().filter(|name| *name == "out").count(), 1);
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_a_session_remembers_so_many_refreshes() {
    let home = Home::new().await;
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    for number in 0..105 {
        home.set_time(1_000 + number);
        home.store.add_session(&session(&format!("s{number}"), "ada", 90_000), Vec::new()).await.unwrap();
    }
    let is_there = async |id: &str| home.store.find_session(id).await.unwrap().is_some();
    assert!(!is_there("s0").await && !is_there("s4").await && is_there("s5").await && is_there("s104").await);
    for number in 0..1_005_u32 {
        let (used, next) = (format!("s104-{number}"), format!("s104-{}", number + 1));
        assert!(matches!(home.store.refresh(&used, &next, 90_000, &Actor::system()).await.unwrap(), Refreshed::Rotated(_)));
    }
    assert_eq!(home.store.refresh("s104-0", "x", 90_000, &Actor::system()).await.unwrap(), Refreshed::Unknown);
    assert_eq!(home.store.refresh("s104-100", "x", 90_000, &Actor::system()).await.unwrap(), Refreshed::Reused);
}

#[tokio::test]
async fn a_token_is_found_by_its_hash_until_its_user_goes() {
    let home = Home::new().await;
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    let mut narrowed = token("ci", "ada", Some(9_000));
    narrowed.token.permissions = Some(BTreeSet::from([Permission::Read, Permission::Merge]));
    narrowed.token.projects = Some(BTreeSet::from(["p".to_owned()]));
    let added = home.store.add_token(&narrowed, told("created")).await.unwrap();
    assert_eq!(added, Token { created_at: 1_000, ..narrowed.token.clone() });
    let found = home.store.find_token("hash of ci").await.unwrap().unwrap();
    assert_eq!((&found.token, &*found.user.name), (&added, "ada"));
    assert_eq!(home.store.find_token_by_id("ci").await.unwrap(), Some(found));
    assert!(home.store.find_token("ci").await.unwrap().is_none() && home.store.find_token_by_id("hash of ci").await.unwrap().is_none());
    assert_eq!(
        home.store.add_token(&NewToken { hash: "x".to_owned(), ..token("ci", "ada", None) }, told("created")).await,
        Err(AccountError::TokenNameTaken("ci".to_owned()))
    );
    assert_eq!(home.store.add_token(&token("y", "bob", None), told("created")).await, Err(AccountError::NoUser("id-bob".to_owned())));
    home.set_time(3_000);
    home.store.touch_token("ci").await.unwrap();
    assert!(home.store.revoke_token("ci", told("revoked")).await.unwrap());
    assert!(!home.store.revoke_token("ci", told("revoked")).await.unwrap());
    let revoked = home.store.find_token("hash of ci").await.unwrap().unwrap().token;
    assert_eq!((revoked.last_used_at, revoked.revoked_at), (Some(3_000), Some(3_000)));
    home.store.add_user(&user("bob", Role::Viewer), None, told("a")).await.unwrap();
    home.store.add_token(&token("of bob", "bob", None), told("created")).await.unwrap();
    let ids = async |user| home.store.tokens(user).await.unwrap().into_iter().map(|token| token.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(None).await, BTreeSet::from(["ci".to_owned(), "of bob".to_owned()]));
    assert_eq!(ids(Some("id-bob")).await, BTreeSet::from(["of bob".to_owned()]));
    home.store.remove_user("id-ada", true, told("r")).await.unwrap();
    assert!(home.store.find_token("hash of ci").await.unwrap().is_none());
    assert_eq!(home.names().await, ["a", "created", "revoked", "a", "created", "r"]);
}

#[tokio::test]
async fn a_user_has_so_many_tokens_and_old_ones_are_forgotten() {
    let home = Home::new().await;
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    for number in 0..100 {
        home.store.add_token(&token(&format!("t{number}"), "ada", Some(50_000)), Vec::new()).await.unwrap();
    }
    assert_eq!(home.store.add_token(&token("one more", "ada", None), Vec::new()).await, Err(AccountError::TooManyTokens(100)));
    home.store.revoke_token("t0", Vec::new()).await.unwrap();
    home.store.add_token(&token("one more", "ada", None), Vec::new()).await.unwrap();
    // The name of one that has expired is free again.
    home.set_time(50_000);
    let again = NewToken { hash: "x".to_owned(), ..token("again", "ada", None) };
    let again = NewToken { token: Token { name: "t1".to_owned(), ..again.token.clone() }, ..again };
    home.store.add_token(&again, Vec::new()).await.unwrap();
    assert_eq!(home.store.tokens(None).await.unwrap().len(), 102);
    home.set_time(50_000 + 91 * 24 * 60 * 60_000);
    home.store.add_token(&token("last", "ada", None), Vec::new()).await.unwrap();
    assert_eq!(home.store.tokens(None).await.unwrap().len(), 3, "those that do not expire, and the last");
}

#[tokio::test]
async fn one_key_signs_and_those_before_verify_for_a_while() {
    let home = Home::new().await;
    assert_eq!(home.store.signing_key().await.unwrap(), None);
    let signs = async || home.store.signing_key().await.unwrap().unwrap();
    let first = home.store.add_signing_key(&key("a"), KeyChange::IfNone, told("key")).await.unwrap();
    assert_eq!((&*first.id, &*first.secret, first.created_at), ("a", &[7; 32][..], 1_000));
    assert_eq!(home.store.add_signing_key(&key("b"), KeyChange::IfNone, told("key")).await.unwrap(), first, "the first stays");
    home.set_time(2_000);
    home.store.add_signing_key(&key("c"), KeyChange::Retire, told("key")).await.unwrap();
    assert_eq!(signs().await.id, "c");
    let retired = home.store.find_signing_key("a").await.unwrap().unwrap();
    assert_eq!((retired.retired_at, retired.verifies_at(2_000)), (Some(2_000), true));
    home.set_time(2_000 + 2 * access_token::LIFE_MS);
    home.store.add_signing_key(&key("d"), KeyChange::Retire, told("key")).await.unwrap();
    assert_eq!(home.store.find_signing_key("a").await.unwrap(), None, "it verifies nothing any more");
    assert!(home.store.find_signing_key("c").await.unwrap().is_some());
    home.store.add_signing_key(&key("e"), KeyChange::Forget, told("key")).await.unwrap();
    assert!(home.store.find_signing_key("c").await.unwrap().is_none() && home.store.find_signing_key("d").await.unwrap().is_none());
    assert_eq!(signs().await.id, "e");
    assert_eq!(home.names().await.len(), 4);
}

#[tokio::test]
async fn a_setup_link_makes_the_first_user_and_no_other() {
    let home = Home::new().await;
    assert!(home.store.set_setup_link("one", 5_000, told("link")).await.unwrap());
    assert!(home.store.set_setup_link("two", 5_000, told("link")).await.unwrap());
    let add = async |name: &str, link: &str| home.store.add_user(&user(name, Role::Admin), Some(link), told("a")).await;
    let is_valid = async |link: &str, now| home.store.has_setup_link(link, now).await.unwrap();
    assert_eq!(add("ada", "one").await, Err(AccountError::NoSetup), "it was replaced");
    assert!(is_valid("two", 4_999).await && !is_valid("two", 5_000).await && !is_valid("one", 1_000).await);
    home.set_time(5_000);
    assert_eq!(add("ada", "two").await, Err(AccountError::NoSetup), "it has expired");
    home.set_time(4_999);
    let both = tokio::join!(add("ada", "two"), add("eve", "two"));
    assert!(matches!(both, (Ok(_), Err(AccountError::NoSetup)) | (Err(AccountError::NoSetup), Ok(_))), "{both:?}");
    assert!(!home.store.set_setup_link("three", 9_000, told("link")).await.unwrap());
    assert_eq!(add("bob", "two").await, Err(AccountError::NoSetup));
    assert_eq!(home.names().await, ["link", "link", "a"]);
}

#[tokio::test]
async fn a_user_who_is_added_otherwise_ends_the_setup() {
    let home = Home::new().await;
    home.store.set_setup_link("link", 5_000, told("link")).await.unwrap();
    home.store.add_user(&user("ada", Role::Viewer), None, told("a")).await.unwrap();
    assert!(!home.store.has_setup_link("link", 1_000).await.unwrap());
    home.store.remove_user("id-ada", true, told("r")).await.unwrap();
    let add = home.store.add_user(&user("eve", Role::Admin), Some("link"), told("a")).await;
    assert_eq!(add, Err(AccountError::NoSetup));
}

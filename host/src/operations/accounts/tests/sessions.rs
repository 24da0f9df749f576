//! Logins, refreshes, logouts, the setup link, tickets and the credential file.

use std::time::Duration;

use super::*;
use crate::{
    accounts::{Secret, SecretKind, credential as file},
    operations::accounts::{authenticate_again, credential, setup, tickets, tokens},
};

async fn refresh(host: &Host, token: &str) -> Result<operations::Credentials, Problem> {
    operations::refresh(host, &operations::Refresh { refresh_token: token.to_owned() }, None).await
}

#[tokio::test]
async fn a_login_gives_a_session_that_is_refreshed_and_logged_out() {
    let home = Home::new().await;
    let added = home.add_user("Ada", Role::Developer).await;
    let first = login(&home.host, "ADA", PASSWORD).await.unwrap();
    assert_eq!(first.user, added);
    let caller = authenticate(&home.host, &first.access_token, address("198.51.100.7")).await.unwrap();
    assert_eq!((&*caller.actor.id, &*caller.actor.name, caller.role), (&*added.id, "Ada", Role::Developer));
    assert_eq!(caller.actor.address.as_deref(), Some("198.51.100.7"));
    let me = operations::me(&home.host, &caller).await.unwrap();
    assert_eq!((me.user, me.permissions), (Some(added), vec![Permission::Read, Permission::Work]));

    let second = refresh(&home.host, &first.refresh_token).await.unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert!(authenticate(&home.host, &first.access_token, None).await.is_ok(), "both name the same session");
    operations::logout(&home.host, &caller).await.unwrap();
    let unauthenticated = (ProblemKind::Unauthenticated, "unauthenticated".to_owned());
    for access in [&first.access_token, &second.access_token] {
        assert_eq!(refused(authenticate(&home.host, access, None).await), unauthenticated);
    }
    assert_eq!(refused(refresh(&home.host, &second.refresh_token).await), unauthenticated);
    assert_eq!(refused(authenticate_again(&home.host, &caller).await), unauthenticated);
    let of_auth: Vec<_> = home.events().await.into_iter().filter(|event| event.category.as_str() == "auth").collect();
    let names: Vec<_> = of_auth.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["logged_in", "logged_out"]);
    assert!(of_auth.iter().all(|event| is_by(event, "Ada") && event.actor.as_ref().unwrap().address.is_some()));
}

#[tokio::test]
async fn who_is_unknown_is_told_the_same_as_whose_password_is_wrong() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let disabled = home.add_user("eve", Role::Developer).await;
    let request = users::SetUser { disabled: Some(true), ..Default::default() };
    users::set(&home.host, &home.operator(), &disabled.id, &request).await.unwrap();
    let mut answers = BTreeSet::new();
    for (name, password) in [("ada", "wrong horse battery staple"), ("nobody", PASSWORD), ("eve", PASSWORD), ("", ""), (PASSWORD, "x")] {
        answers.insert(login(&home.host, name, password).await.err().unwrap().to_string());
    }
    assert_eq!(answers, BTreeSet::from(["The name or the password is wrong.".to_owned()]));
    let failed: Vec<_> = home.events().await.into_iter().filter(|event| event.name == "login_failed").collect();
    let told: Vec<_> = failed.iter().map(|event| event.data["name"].as_str()).collect();
    assert_eq!(told, [Some("ada"), None, Some("eve"), None, None], "a password in the wrong field is not kept");
    assert!(!format!("{:?}", home.events().await).contains("horse"));
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_who_does_not_has_not() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    home.add_user("bob", Role::Developer).await;
    for _ in 0..5 {
        assert_eq!(code(login(&home.host, "ada", "wrong horse").await), "login_failed");
    }
    let problem = login(&home.host, "ada", PASSWORD).await.err().unwrap();
    assert_eq!((problem.kind, &*problem.code, problem.retry_after_s), (ProblemKind::Exhausted, "too_many_logins", Some(1)));
    assert_eq!(code(login(&home.host, "bob", PASSWORD).await), "too_many_logins", "from the same address");
    let elsewhere = operations::Login { name: "bob".to_owned(), password: PASSWORD.to_owned() };
    assert!(operations::login(&home.host, elsewhere, address("198.51.100.9")).await.is_ok());
    assert_eq!(home.count("login_failed").await, 5, "what is not tried is not told");
    home.move_clock(1_001);
    assert!(login(&home.host, "ada", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_refresh_that_two_have_ends_the_session_for_both() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let (stolen, other) = (home.login("ada").await, home.login("ada").await);
    let next = refresh(&home.host, &stolen.refresh_token).await.unwrap();
    assert_eq!(code(refresh(&home.host, &stolen.refresh_token).await), "unauthenticated");
    assert_eq!(code(refresh(&home.host, &next.refresh_token).await), "unauthenticated");
    for access in [&stolen.access_token, &next.access_token] {
        assert_eq!(code(authenticate(&home.host, access, None).await), "unauthenticated");
    }
    assert!(authenticate(&home.host, &other.access_token, None).await.is_ok(), "another session of the same user");
    assert_eq!(home.count("refresh_reused").await, 1);
    let secret = |kind| Secret::generate(kind).reveal();
    for wrong in ["", "x", &secret(SecretKind::Refresh), &secret(SecretKind::Token), &other.access_token] {
        assert_eq!(code(refresh(&home.host, wrong).await), "unauthenticated");
    }
}

#[tokio::test]
async fn what_expires_is_rejected_and_says_so_to_whom_it_belonged() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let session = home.login("ada").await;
    home.move_clock(15 * 60_000 + 1_000);
    let expired = refused(authenticate(&home.host, &session.access_token, None).await);
    assert_eq!(expired, (ProblemKind::Unauthenticated, "access_token_expired".to_owned()));
    let session = refresh(&home.host, &session.refresh_token).await.unwrap();
    assert!(authenticate(&home.host, &session.access_token, None).await.is_ok());
    home.move_clock(31 * DAY_MS);
    assert_eq!(code(refresh(&home.host, &session.refresh_token).await), "unauthenticated");
}

#[tokio::test]
async fn what_is_done_beside_the_host_counts_at_once() {
    let home = Home::new().await;
    let ada = home.add_user("ada", Role::Admin).await;
    let caller = home.caller("ada").await;
    let beside = home.beside().await;
    let set = async |request| users::set(&beside, &Caller::operator(Actor::operator("ops")), &ada.id, &request).await.unwrap();
    set(users::SetUser { role: Some(Role::Viewer), ..Default::default() }).await;
    assert_eq!(authenticate_again(&home.host, &caller).await.unwrap().role, Role::Viewer);
    set(users::SetUser { disabled: Some(true), ..Default::default() }).await;
    assert_eq!(code(authenticate_again(&home.host, &caller).await), "unauthenticated");
    beside.close().await;
}

#[tokio::test]
async fn keys_are_replaced_without_logging_anybody_out() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let before = home.login("ada").await;
    let rotate = async |at_once| tokens::rotate_keys(&home.host, &home.operator(), &tokens::RotateKeys { at_once }).await.unwrap();
    let first = rotate(false).await;
    assert!(authenticate(&home.host, &before.access_token, None).await.is_ok(), "what was signed before still verifies");
    let after = refresh(&home.host, &before.refresh_token).await.unwrap();
    assert!(authenticate(&home.host, &after.access_token, None).await.is_ok());
    assert_ne!(rotate(true).await, first);
    for access in [&before.access_token, &after.access_token] {
        assert_eq!(code(authenticate(&home.host, access, None).await), "unauthenticated", "the key may be known");
    }
    let again = refresh(&home.host, &after.refresh_token).await.unwrap();
    assert!(authenticate(&home.host, &again.access_token, None).await.is_ok(), "the session goes on");
    assert_eq!(home.count("signing_key_added").await, 3);
    assert_eq!(code(tokens::rotate_keys(&home.host, &home.caller("ada").await, &Default::default()).await), "permission_denied");
}

#[tokio::test]
async fn nothing_but_a_bearer_of_this_host_is_let_in() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let session = home.login("ada").await;
    let other = Home::new().await;
    other.add_user("ada", Role::Admin).await;
    let foreign = other.login("ada").await.access_token;
    let unknown = Secret::generate(SecretKind::Token).reveal();
    let operator = Secret::generate(SecretKind::Operator).reveal();
    let long = "a".repeat(1 << 20);
    for wrong in ["", "x", &foreign, &unknown, &operator, &session.refresh_token, &long, &format!("{} ", session.access_token)] {
        assert_eq!(code(authenticate(&home.host, wrong, None).await), "unauthenticated", "{}", &wrong[..wrong.len().min(60)]);
    }
}

#[tokio::test]
async fn the_setup_link_makes_one_admin_and_no_other_user_is_needed() {
    let home = Home::new().await;
    let replaced = setup::begin(&home.host).await.unwrap().unwrap();
    let link = setup::begin(&home.host).await.unwrap().unwrap();
    let complete = async |secret: &str, name: &str, password: &str| {
        let request = setup::CompleteSetup { secret: secret.to_owned(), name: name.to_owned(), password: password.to_owned() };
        setup::complete(&home.host, request, address("127.0.0.1")).await
    };
    for wrong in ["", "x", &replaced.secret, &Secret::generate(SecretKind::Setup).reveal()] {
        assert_eq!(code(complete(wrong, "ada", PASSWORD).await), "setup_link_invalid");
    }
    assert_eq!(code(complete(&link.secret, "ada", "short").await), "password_invalid");
    assert_eq!(code(complete(&link.secret, "a b", PASSWORD).await), "user_name_invalid");
    let admin = complete(&link.secret, "ada", PASSWORD).await.unwrap();
    assert_eq!((admin.role, admin.all_projects), (Role::Admin, true));
    assert_eq!(code(complete(&link.secret, "eve", PASSWORD).await), "setup_link_invalid");
    assert!(setup::begin(&home.host).await.unwrap().is_none());
    assert!(home.login("ada").await.user == admin);
    let added: Vec<_> = home.events().await.into_iter().filter(|event| event.name == "user_added").collect();
    assert!(added.len() == 1 && added[0].data["by_setup_link"] == true && is_by(&added[0], "ada"));
    assert!(!format!("{:?}", home.events().await).contains(&link.secret));
}

#[tokio::test]
async fn a_setup_link_expires() {
    let home = Home::new().await;
    let link = setup::begin(&home.host).await.unwrap().unwrap();
    home.move_clock(DAY_MS + 1_000);
    let request = setup::CompleteSetup { secret: link.secret, name: "ada".to_owned(), password: PASSWORD.to_owned() };
    assert_eq!(code(setup::complete(&home.host, request, None).await), "setup_link_invalid");
}

#[tokio::test]
async fn a_ticket_opens_one_stream_for_who_may_still() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let caller = home.caller("ada").await;
    let ticket = || tickets::create(&home.host, &caller).unwrap().ticket;
    let one = ticket();
    let redeemed = tickets::redeem(&home.host, &one, address("198.51.100.7")).await.unwrap();
    assert_eq!((redeemed.actor.name, redeemed.role), ("ada".to_owned(), Role::Developer));
    assert_eq!(code(tickets::redeem(&home.host, &one, None).await), "unauthenticated");
    let late = ticket();
    home.move_clock(30_000);
    assert_eq!(code(tickets::redeem(&home.host, &late, None).await), "unauthenticated");
    let after_logout = ticket();
    operations::logout(&home.host, &caller).await.unwrap();
    assert_eq!(code(tickets::redeem(&home.host, &after_logout, None).await), "unauthenticated");
    for wrong in ["", "x", &Secret::generate(SecretKind::Ticket).reveal(), &Secret::generate(SecretKind::Token).reveal()] {
        assert_eq!(code(tickets::redeem(&home.host, wrong, None).await), "unauthenticated");
    }
    assert_eq!(code(authenticate(&home.host, &ticket(), None).await), "unauthenticated", "a ticket is no bearer");
    let operator = tickets::create(&home.host, &home.operator()).unwrap().ticket;
    assert!(tickets::redeem(&home.host, &operator, None).await.unwrap().user().is_none());
    for _ in 0..60 {
        let _ = tickets::create(&home.host, &home.operator());
    }
    let problem = tickets::create(&home.host, &home.operator()).err().unwrap();
    assert_eq!((problem.kind, problem.retry_after_s), (ProblemKind::Exhausted, Some(30)));
}

#[tokio::test]
async fn the_credential_file_lets_the_operator_in_while_the_host_serves() {
    let home = Home::new().await;
    let data_dir = home.host.config().data_dir.clone();
    assert_eq!(credential::read(home.host.config()).unwrap(), None);
    credential::create(&home.host).unwrap();
    let held = credential::read(home.host.config()).unwrap().unwrap();
    let caller = authenticate(&home.host, &held, address("127.0.0.1")).await.unwrap();
    assert_eq!((&*caller.actor.name, caller.user(), caller.sees_all()), ("tester", None, true));
    assert_eq!(caller.actor.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(code(authenticate(&home.host, &Secret::generate(SecretKind::Operator).reveal(), None).await), "unauthenticated");
    credential::create(&home.host).unwrap();
    assert_eq!(code(authenticate(&home.host, &held, None).await), "unauthenticated", "that of a host before");
    credential::remove(&home.host);
    let held = file::path(&data_dir);
    assert!(!held.exists());
    fs::write(&held, "nonsense").unwrap();
    let problem = credential::read(home.host.config()).unwrap_err();
    assert_eq!(&*problem.code, "credential_unusable");
}

#[tokio::test]
async fn a_client_that_goes_away_has_tried_all_the_same() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    for _ in 0..5 {
        let _ = tokio::time::timeout(Duration::ZERO, login(&home.host, "ada", "wrong horse")).await;
    }
    assert_eq!(code(login(&home.host, "ada", PASSWORD).await), "too_many_logins");
}

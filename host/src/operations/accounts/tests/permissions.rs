//! Who may manage users, and what nobody can gain by it.

use super::*;
use crate::operations::accounts::users::{AddUser, ListUsers, Membership, SetMember, SetPassword, SetUser};

async fn names(home: &Home, caller: &Caller) -> Vec<String> {
    let request = ListUsers { cursor: None, limit: 100 };
    users::list(&home.host, caller, &request).await.unwrap().items.into_iter().map(|user| user.name).collect()
}

fn member(project: &str, permissions: &[Permission]) -> SetMember {
    SetMember { project: project.to_owned(), permissions: permissions.to_vec() }
}

#[tokio::test]
async fn users_are_managed_by_admins_and_everyone_knows_themselves() {
    let home = Home::new().await;
    for (name, role) in [("Ada", Role::Admin), ("bob", Role::Developer), ("eve", Role::Viewer)] {
        home.add_user(name, role).await;
    }
    let (ada, bob) = (home.caller("ada").await, home.caller("bob").await);
    assert_eq!(names(&home, &ada).await, ["Ada", "bob", "eve"]);
    assert_eq!(names(&home, &bob).await, ["bob"]);
    assert_eq!(users::find(&home.host, &bob, "BOB").await.unwrap().name, "bob");
    for other in ["eve", "nobody", ""] {
        let problem = users::find(&home.host, &bob, other).await.unwrap_err();
        assert_eq!((&*problem.code, problem.message), ("user_not_found", format!("User `{other}` does not exist.")));
        assert_eq!(code(users::remove(&home.host, &bob, other).await), "user_not_found");
    }
    let first = users::list(&home.host, &ada, &ListUsers { cursor: None, limit: 2 }).await.unwrap();
    let rest = users::list(&home.host, &ada, &ListUsers { cursor: first.next.clone(), limit: 2 }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (2, 1, None));
    let set = SetUser { role: Some(Role::Admin), ..SetUser::default() };
    assert_eq!(code(users::set(&home.host, &bob, "bob", &set).await), "permission_denied", "nobody promotes themselves");
    assert_eq!(code(users::add(&home.host, &bob, user("mallory", Role::Viewer)).await), "permission_denied");
    assert_eq!(users::set(&home.host, &ada, "bob", &set).await.unwrap().role, Role::Admin);
    assert_eq!(users::remove(&home.host, &ada, "eve").await.unwrap().name, "eve");
    assert_eq!(code(users::add(&home.host, &ada, user("ADA", Role::Viewer)).await), "user_name_taken");
}

#[tokio::test]
async fn what_a_request_says_is_checked_before_anything_is_done() {
    let home = Home::new().await;
    let field = async |request| users::add(&home.host, &home.operator(), request).await.err().unwrap().field;
    for name in ["", "a b", "x\u{202e}y", &"a".repeat(65)] {
        assert_eq!(field(user(name, Role::Viewer)).await.as_deref(), Some("name"), "{name:?}");
    }
    for password in ["", "short", &"x".repeat(300), "adalovelace1"] {
        let request = AddUser { password: password.to_owned(), ..user("adalovelace", Role::Viewer) };
        assert_eq!(field(request).await.as_deref(), Some("password"));
    }
    let of = |members: &[SetMember]| AddUser {
        all_projects: false,
        members: members.iter().cloned().map(|SetMember { project, permissions }| Membership { project, permissions }).collect(),
        ..user("ada", Role::Viewer)
    };
    home.add_project("shop").await;
    assert_eq!(field(of(&[member("shop", &[Permission::Read])])).await.as_deref(), Some("permissions"));
    assert_eq!(field(of(&[member("shop", &[]), member("shop", &[])])).await.as_deref(), Some("members"));
    assert_eq!(code(users::add(&home.host, &home.operator(), of(&[member("nothing", &[])])).await), "project_not_found");
    assert!(names(&home, &home.operator()).await.is_empty());
}

#[tokio::test]
async fn nobody_gains_by_managing_users_what_they_may_not_do() {
    let home = Home::new().await;
    home.add_user("ada", Role::Admin).await;
    home.add_user("bob", Role::Viewer).await;
    // A token of an admin that is narrowed to managing users.
    let narrowed = Caller { narrowed_to: permissions(&[Permission::Read, Permission::Users]), ..home.caller("ada").await };
    assert_eq!(users::add(&home.host, &narrowed, user("eve", Role::Viewer)).await.unwrap().role, Role::Viewer);
    assert_eq!(code(users::add(&home.host, &narrowed, user("mallory", Role::Admin)).await), "permission_denied");
    let promote = SetUser { role: Some(Role::Developer), ..SetUser::default() };
    assert_eq!(code(users::set(&home.host, &narrowed, "bob", &promote).await), "permission_denied");
    assert_eq!(code(users::remove(&home.host, &narrowed, "ada").await), "permission_denied");
    let admin = home.add_user("root", Role::Admin).await;
    let password = || SetPassword { password: "another horse battery staple".to_owned(), current: None };
    let reset = users::set_password(&home.host, &narrowed, &admin.id, password()).await;
    assert_eq!(code(reset), "permission_denied", "the password of one who may more would be worth that");
    assert!(users::set_password(&home.host, &narrowed, "bob", password()).await.is_ok());
}

#[tokio::test]
async fn an_admin_of_some_projects_manages_no_users_of_the_host() {
    let home = Home::new().await;
    let shop = home.add_project("shop").await;
    let some = AddUser {
        all_projects: false,
        members: vec![Membership { project: shop.clone(), permissions: Vec::new() }],
        ..user("ada", Role::Admin)
    };
    users::add(&home.host, &home.operator(), some).await.unwrap();
    home.add_user("bob", Role::Viewer).await;
    let ada = home.caller("ada").await;
    assert!(ada.may(Permission::Merge, Some(&shop)));
    assert_eq!(code(users::add(&home.host, &ada, user("mallory", Role::Viewer)).await), "permission_denied");
    let all = SetUser { all_projects: Some(true), ..SetUser::default() };
    assert_eq!(code(users::set(&home.host, &ada, "ada", &all).await), "permission_denied");
    assert_eq!(code(users::set(&home.host, &ada, "bob", &all).await), "user_not_found");
}

#[tokio::test]
async fn what_is_delegated_for_a_project_is_delegated_there_and_no_further() {
    let home = Home::new().await;
    let (shop, blog) = (home.add_project("shop").await, home.add_project("blog").await);
    let none = AddUser { all_projects: false, ..user("bob", Role::Developer) };
    users::add(&home.host, &home.operator(), none.clone()).await.unwrap();
    users::add(&home.host, &home.operator(), AddUser { name: "eve".to_owned(), ..none }).await.unwrap();
    let set = async |caller: &Caller, user: &str, member: &SetMember| users::set_member(&home.host, caller, user, member).await;
    set(&home.operator(), "bob", &member("shop", &[Permission::Users, Permission::Merge])).await.unwrap();
    set(&home.operator(), "eve", &member("blog", &[])).await.unwrap();
    let bob = home.caller("bob").await;
    assert!(bob.may(Permission::Merge, Some(&shop)) && !bob.may(Permission::Merge, Some(&blog)) && !bob.may(Permission::Users, None));
    assert_eq!(names(&home, &bob).await, ["bob"]);

    let eve = set(&bob, "eve", &member("shop", &[Permission::Merge])).await.unwrap();
    let seen: Vec<_> = eve.members.iter().map(|member| &*member.project).collect();
    assert_eq!(seen, [&*shop], "what does not exist for the caller is not shown");
    assert_eq!(names(&home, &bob).await, ["bob", "eve"]);
    assert_eq!(code(set(&bob, "eve", &member("shop", &[Permission::Secrets])).await), "permission_denied", "not what bob may not do");
    assert_eq!(code(set(&bob, "eve", &member("blog", &[])).await), "project_not_found");
    assert_eq!(code(set(&bob, "eve", &member("nothing", &[])).await), "project_not_found");
    assert_eq!(code(set(&bob, "nobody", &member("shop", &[])).await), "user_not_found");
    assert_eq!(code(users::remove(&home.host, &bob, "eve").await), "permission_denied");
    let eves = home.caller("eve").await;
    assert_eq!(code(set(&eves, "eve", &member("shop", &[Permission::Grant])).await), "permission_denied");

    assert!(users::remove_member(&home.host, &bob, "eve", "shop").await.unwrap().members.is_empty());
    assert_eq!(code(users::remove_member(&home.host, &bob, "eve", "shop").await), "member_not_found");
    assert_eq!(code(users::remove_member(&home.host, &bob, "nobody", "shop").await), "member_not_found", "as of one who is there");
    let told: Vec<_> = home.events().await.into_iter().filter(|event| event.name.starts_with("member_")).map(|event| event.name).collect();
    assert_eq!(told, ["member_set", "member_set", "member_set", "member_removed"]);
    let of_shop = home.events().await.into_iter().filter(|event| event.data["project"] == *shop).count();
    assert_eq!(of_shop, 4, "with what added the project");
}

#[tokio::test]
async fn a_host_is_left_with_an_admin_unless_its_operator_wants_it_so() {
    let home = Home::new().await;
    home.add_user("ada", Role::Admin).await;
    let ada = home.caller("ada").await;
    let demote = SetUser { role: Some(Role::Viewer), ..SetUser::default() };
    let disable = SetUser { disabled: Some(true), ..SetUser::default() };
    assert_eq!(code(users::set(&home.host, &ada, "ada", &demote).await), "last_admin");
    assert_eq!(code(users::set(&home.host, &ada, "ada", &disable).await), "last_admin");
    assert_eq!(code(users::remove(&home.host, &ada, "ada").await), "last_admin");
    assert_eq!(home.count("user_changed").await, 0);
    users::set(&home.host, &home.operator(), "ada", &disable).await.unwrap();
    // And is let in again.
    users::set(&home.host, &home.operator(), "ada", &SetUser { disabled: Some(false), ..SetUser::default() }).await.unwrap();
    home.login("ada").await;
    users::set(&home.host, &home.operator(), "ada", &SetUser { disabled: Some(false), ..SetUser::default() }).await.unwrap();
    assert_eq!(home.count("user_changed").await, 2, "what changes nothing is not told");
}

#[tokio::test]
async fn users_change_their_own_password_with_the_one_before() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    home.add_user("root", Role::Admin).await;
    let (here, there) = (home.caller("ada").await, home.login("ada").await);
    let change = async |caller: &Caller, user: &str, current: Option<&str>| {
        let request = SetPassword { password: "another horse battery staple".to_owned(), current: current.map(str::to_owned) };
        users::set_password(&home.host, caller, user, request).await
    };
    for wrong in [None, Some(""), Some("wrong horse")] {
        let problem = change(&here, "ada", wrong).await.unwrap_err();
        assert_eq!((&*problem.code, problem.field.as_deref()), ("permission_denied", Some("current")));
    }
    assert_eq!(code(change(&here, "root", Some(PASSWORD)).await), "user_not_found");
    change(&here, "ADA", Some(PASSWORD)).await.unwrap();
    assert!(super::super::authenticate_again(&home.host, &here).await.is_ok(), "who changed it goes on");
    assert_eq!(code(authenticate(&home.host, &there.access_token, None).await), "unauthenticated", "other sessions end");
    assert_eq!(code(login(&home.host, "ada", PASSWORD).await), "login_failed");
    assert!(login(&home.host, "ada", "another horse battery staple").await.is_ok());
    // An admin needs none, also for an admin.
    let root = home.caller("root").await;
    change(&root, "ada", None).await.unwrap();
    assert_eq!(code(super::super::authenticate_again(&home.host, &here).await), "unauthenticated");
    assert!(!format!("{:?}", home.events().await).contains("battery"));
    assert_eq!(home.count("password_changed").await, 2);
}

#[tokio::test]
async fn a_member_who_may_more_is_neither_made_nor_changed_nor_removed() {
    let home = Home::new().await;
    let _shop = home.add_project("shop").await;
    for (name, role) in [("vic", Role::Viewer), ("dev", Role::Developer), ("root", Role::Admin), ("eve", Role::Viewer)] {
        users::add(&home.host, &home.operator(), AddUser { all_projects: false, ..user(name, role) }).await.unwrap();
    }
    let set = async |caller: &Caller, user: &str, member: &SetMember| users::set_member(&home.host, caller, user, member).await;
    set(&home.operator(), "vic", &member("shop", &[Permission::Users])).await.unwrap();
    let vic = home.caller("vic").await;
    assert!(set(&vic, "eve", &member("shop", &[])).await.is_ok(), "who may as much");
    for other in ["dev", "root"] {
        assert_eq!(code(set(&vic, other, &member("shop", &[])).await), "permission_denied", "{other} is not made a member");
        set(&home.operator(), other, &member("shop", &[])).await.unwrap();
        assert_eq!(code(users::remove_member(&home.host, &vic, other, "shop").await), "permission_denied", "{other} is not removed");
    }
    set(&home.operator(), "eve", &member("shop", &[Permission::Merge])).await.unwrap();
    assert_eq!(code(set(&vic, "eve", &member("shop", &[])).await), "permission_denied", "nothing is taken that could not be given");
}

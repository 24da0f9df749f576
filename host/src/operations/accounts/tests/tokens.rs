//! API tokens: what they may, whose they are, and how they end.

use super::*;
use crate::operations::{
    Moment,
    accounts::{
        sessions,
        tokens::{self, CreateToken, ListTokens},
    },
};

fn request(name: &str) -> CreateToken {
    CreateToken { name: name.to_owned(), user: None, role: None, permissions: None, projects: None, expires_at: None }
}

fn listed(user: Option<&str>) -> ListTokens {
    ListTokens { user: user.map(str::to_owned), all: false, cursor: None, limit: 100 }
}

#[tokio::test]
async fn a_token_may_what_its_user_may_and_no_more() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let caller = home.caller("ada").await;
    let created = tokens::create(&home.host, &caller, &request("nightly build")).await.unwrap();
    assert!(created.secret.starts_with("baton_") && created.token.user_name == "ada");
    let token = authenticate(&home.host, &created.secret, address("198.51.100.7")).await.unwrap();
    assert_eq!((&*token.actor.name, &*token.actor.id), ("ada/nightly build", &*created.token.id));
    assert!(token.may(Permission::Work, None) && !token.may(Permission::Merge, None));
    let me = sessions::me(&home.host, &token).await.unwrap();
    assert_eq!(me.user.map(|user| user.name), Some("ada".to_owned()));

    let viewer = users::SetUser { role: Some(Role::Viewer), ..Default::default() };
    users::set(&home.host, &home.operator(), "ada", &viewer).await.unwrap();
    assert!(!authenticate(&home.host, &created.secret, None).await.unwrap().may(Permission::Work, None), "it follows its user");
    let disabled = users::SetUser { disabled: Some(true), ..Default::default() };
    users::set(&home.host, &home.operator(), "ada", &disabled).await.unwrap();
    assert_eq!(code(authenticate(&home.host, &created.secret, None).await), "unauthenticated");
    let text = format!("{:?}", home.events().await);
    assert!(!text.contains(&created.secret) && text.contains("token_created"));
}

#[tokio::test]
async fn a_narrowed_token_may_what_it_is_narrowed_to() {
    let home = Home::new().await;
    let (shop, blog) = (home.add_project("shop").await, home.add_project("blog").await);
    home.add_user("ada", Role::Admin).await;
    let caller = home.caller("ada").await;
    let create = async |change: &dyn Fn(&mut CreateToken)| {
        let mut request = request(&format!("t{}", uuid::Uuid::now_v7().simple().to_string().split_off(20)));
        change(&mut request);
        let secret = tokens::create(&home.host, &caller, &request).await?.secret;
        authenticate(&home.host, &secret, None).await
    };
    let of_role = create(&|request| request.role = Some(Role::Developer)).await.unwrap();
    assert_eq!(of_role.narrowed_to, permissions(&[Permission::Read, Permission::Work]));
    let both = create(&|request| {
        (request.role, request.permissions) = (Some(Role::Developer), Some(vec![Permission::Work, Permission::Merge]));
    });
    assert_eq!(both.await.unwrap().narrowed_to, permissions(&[Permission::Work]));
    let in_shop = create(&|request| request.projects = Some(vec!["shop".to_owned()])).await.unwrap();
    assert!(in_shop.sees(&shop) && !in_shop.sees(&blog) && in_shop.may(Permission::Merge, Some(&shop)));
    assert!(!in_shop.may(Permission::Users, None), "what concerns all projects is not for it");
    let nothing = create(&|request| (request.role, request.permissions) = (Some(Role::Viewer), Some(vec![Permission::Merge])));
    assert_eq!(nothing.await.unwrap_err().field.as_deref(), Some("permissions"));
    let nowhere = create(&|request| request.projects = Some(Vec::new()));
    assert_eq!(nowhere.await.unwrap_err().field.as_deref(), Some("projects"));
    let unknown = create(&|request| request.projects = Some(vec!["nothing".to_owned()]));
    assert_eq!(unknown.await.unwrap_err().kind, ProblemKind::NotFound);
}

#[tokio::test]
async fn a_token_sees_no_project_that_its_user_no_longer_sees() {
    let home = Home::new().await;
    let (shop, blog) = (home.add_project("shop").await, home.add_project("blog").await);
    let member = |project: &str| users::Membership { project: project.to_owned(), permissions: Vec::new() };
    let of_two = users::AddUser { all_projects: false, members: vec![member("shop"), member("blog")], ..user("ada", Role::Developer) };
    users::add(&home.host, &home.operator(), of_two).await.unwrap();
    let caller = home.caller("ada").await;
    let created = tokens::create(&home.host, &caller, &CreateToken { projects: Some(vec![shop.clone()]), ..request("ci") }).await.unwrap();
    let sees = async |project: &str| authenticate(&home.host, &created.secret, None).await.unwrap().sees(project);
    assert!(sees(&shop).await && !sees(&blog).await);
    users::remove_member(&home.host, &home.operator(), "ada", "shop").await.unwrap();
    assert!(!sees(&shop).await && !sees(&blog).await);
}

#[tokio::test]
async fn users_make_their_own_tokens_and_tokens_make_none() {
    let home = Home::new().await;
    home.add_user("ada", Role::Admin).await;
    home.add_user("bob", Role::Developer).await;
    let (ada, bob) = (home.caller("ada").await, home.caller("bob").await);
    let of = |user: &str, name: &str| CreateToken { user: Some(user.to_owned()), ..request(name) };
    let create = async |caller: &Caller, request: &CreateToken| tokens::create(&home.host, caller, request).await;
    assert_eq!(create(&ada, &of("ADA", "own")).await.unwrap().token.user_name, "ada");
    for other in ["bob", "nobody", ""] {
        assert_eq!(code(create(&ada, &of(other, "x")).await), "permission_denied", "also by an admin: {other}");
    }
    let secret = create(&bob, &request("own")).await.unwrap().secret;
    let token = authenticate(&home.host, &secret, None).await.unwrap();
    assert_eq!(code(create(&token, &request("more")).await), "permission_denied");
    assert_eq!(code(create(&home.operator(), &request("x")).await), "token_user_missing");
    assert_eq!(create(&home.operator(), &of("bob", "by ops")).await.unwrap().token.user_name, "bob");
    assert_eq!(code(create(&bob, &request("own")).await), "token_name_taken");
    for wrong in ["", " x", "a\nb", &"x".repeat(65)] {
        assert_eq!(create(&bob, &request(wrong)).await.err().unwrap().field.as_deref(), Some("name"), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_token_expires_and_not_too_late() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let caller = home.caller("ada").await;
    let now = home.host.now().0;
    for wrong in [0, now - 1, now + 367 * DAY_MS, u64::MAX] {
        let request = CreateToken { expires_at: Some(Moment(wrong)), ..request("x") };
        assert_eq!(tokens::create(&home.host, &caller, &request).await.err().unwrap().field.as_deref(), Some("expires_at"), "{wrong}");
    }
    let created = tokens::create(&home.host, &caller, &request("usual")).await.unwrap();
    let until = created.token.expires_at.unwrap().0;
    assert!((now + 90 * DAY_MS..now + 91 * DAY_MS).contains(&until));
    home.move_clock(89 * DAY_MS);
    assert!(authenticate(&home.host, &created.secret, None).await.is_ok());
    home.move_clock(91 * DAY_MS);
    assert_eq!(code(authenticate(&home.host, &created.secret, None).await), "unauthenticated");
    let all = ListTokens { all: true, ..listed(None) };
    let operator = home.operator();
    assert!(tokens::list(&home.host, &operator, &listed(None)).await.unwrap().items.is_empty());
    assert_eq!(tokens::list(&home.host, &operator, &all).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn the_use_of_a_token_is_noted_to_the_minute() {
    let home = Home::new().await;
    home.add_user("ada", Role::Developer).await;
    let created = tokens::create(&home.host, &home.caller("ada").await, &request("ci")).await.unwrap();
    let used = async || tokens::list(&home.host, &home.operator(), &listed(None)).await.unwrap().items[0].last_used_at;
    assert_eq!(used().await, None);
    authenticate(&home.host, &created.secret, None).await.unwrap();
    let first = used().await.unwrap();
    home.move_clock(20_000);
    authenticate(&home.host, &created.secret, None).await.unwrap();
    assert_eq!(used().await, Some(first));
    home.move_clock(61_000);
    authenticate(&home.host, &created.secret, None).await.unwrap();
    assert!(used().await.unwrap() > first);
}

#[tokio::test]
async fn a_token_is_seen_and_revoked_by_its_user_and_by_who_manages_users() {
    let home = Home::new().await;
    home.add_user("ada", Role::Admin).await;
    home.add_user("bob", Role::Developer).await;
    home.add_user("eve", Role::Developer).await;
    let (ada, bob, eve) = (home.caller("ada").await, home.caller("bob").await, home.caller("eve").await);
    let create = async |caller: &Caller, name: &str| tokens::create(&home.host, caller, &request(name)).await.unwrap();
    let (of_bob, by_itself, by_admin) = (create(&bob, "one").await, create(&bob, "two").await, create(&bob, "three").await);
    let of_eve = create(&eve, "one").await;
    let count = async |caller: &Caller, user| tokens::list(&home.host, caller, &listed(user)).await.map(|page| page.items.len());
    assert_eq!((count(&bob, None).await, count(&eve, None).await, count(&ada, None).await), (Ok(3), Ok(1), Ok(4)));
    assert_eq!((count(&ada, Some("bob")).await, count(&bob, Some("bob")).await), (Ok(3), Ok(3)));
    assert_eq!(code(count(&bob, Some("eve")).await), "permission_denied");
    assert_eq!(code(count(&bob, Some("nobody")).await), "permission_denied", "whether another user exists is not told");

    let revoke = async |caller: &Caller, id: &str| tokens::revoke(&home.host, caller, id).await;
    for id in [&*of_eve.token.id, "nothing", "", "'; drop table tokens; --"] {
        assert_eq!(code(revoke(&bob, id).await), "token_not_found");
    }
    let itself = authenticate(&home.host, &by_itself.secret, None).await.unwrap();
    assert_eq!(code(revoke(&itself, &of_bob.token.id).await), "token_not_found", "a token has power over itself alone");
    for (caller, created) in [(&bob, &of_bob), (&itself, &by_itself), (&ada, &by_admin)] {
        assert!(revoke(caller, &created.token.id).await.unwrap().revoked_at.is_some());
        assert_eq!(code(authenticate(&home.host, &created.secret, None).await), "unauthenticated");
    }
    let at = revoke(&ada, &of_bob.token.id).await.unwrap().revoked_at;
    assert!(at.is_some() && home.count("token_revoked").await == 3, "it is revoked once");
    let page = tokens::list(&home.host, &ada, &ListTokens { all: true, limit: 3, ..listed(None) }).await.unwrap();
    let rest = tokens::list(&home.host, &ada, &ListTokens { all: true, cursor: page.next.clone(), ..listed(None) }).await.unwrap();
    assert_eq!((page.items.len(), rest.items.len(), rest.next), (3, 1, None));
    assert_eq!(page.items[0].id, of_eve.token.id, "the newest first");
}

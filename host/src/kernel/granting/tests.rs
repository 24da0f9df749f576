use std::slice;

use serde_json::json;

use super::*;
use crate::{
    actor::Actor,
    errors::Hint,
    events::Category,
    kernel::grants::{LimitedGrant, Terms},
};

const COMPONENT: &str = r#"(component
    (type $error (record (field "kind" string) (field "text" string) (field "subject" (option string)) (field "details" (option string))))
    (export $e "error" (type $error))
    (type $outcome (record (field "output" string) (field "shortfall" (option string))))
    (export $o "outcome" (type $outcome))
    (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "f") (param i32 i32) (result i32) unreachable))
    (core instance $i (instantiate $m))
    (func (export "run-workflow") (param "input" string) (result (result $o (error $e)))
        (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

fn plugin(origin: Origin, write: &[&str]) -> Plugin {
    with_needs(origin, &format!("read = [\"**\"]\nwrite = {write:?}"))
}

fn with_needs(origin: Origin, needs: &str) -> Plugin {
    let manifest = format!("name = \"scribe\"\nversion = \"1.0.0\"\nkind = \"workflow\"\n[needs]\n{needs}\n");
    let packed = baton_pack::pack(&wat::parse_str(COMPONENT).unwrap(), &manifest, &[]).unwrap();
    let at_first = origin == Origin::Bundled;
    Plugin::read(packed, origin, |package| if at_first { package.manifest.needs.clone() } else { Patterns::default() }).unwrap()
}

fn dropped(write: &[&str]) -> Plugin {
    plugin(Origin::File("scribe.wasm".into()), write)
}

fn named(texts: &[&str]) -> Vec<Named> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn patterns(kinds: &[(&str, &[&str])]) -> Patterns {
    kinds.iter().map(|(kind, list)| ((*kind).to_owned(), list.iter().map(ToString::to_string).collect())).collect()
}

fn decision(of: &Plugin, grant_state: GrantState, revision: u64) -> Decision {
    let (plugin, hash) = (of.name().to_owned(), of.package.hash.clone());
    Decision { plugin, hash, grant_state, decided_at: 1, decided_by: "ada".to_owned(), revision }
}

fn current(plugin: &Plugin, decisions: &[Decision]) -> Current {
    ruled(plugin, decisions, &[])
}

fn ruled(plugin: &Plugin, decisions: &[Decision], rules: &[(u64, Rule)]) -> Current {
    let ruling = |(revision, rule): &(u64, Rule)| {
        let (plugin, decided_by) = (plugin.name().to_owned(), "ada".to_owned());
        Ruling { plugin, rule: rule.clone(), decided_at: 1, decided_by, revision: *revision }
    };
    Decided { versions: decisions.to_vec(), rulings: rules.iter().map(ruling).collect() }.of(plugin)
}

/// The plugin after the changes, one upon the other.
fn after(plugin: &Plugin, changes: &[Change]) -> GrantState {
    changes.iter().fold(plugin.grant_state_at_first(), |grant_state, change| grant_state.changed(plugin, change).unwrap())
}

#[test]
fn nothing_is_granted_before_somebody_decides() {
    let plugin = dropped(&["docs/**"]);
    let present = current(&plugin, &[]);
    assert_eq!((present.grant_state, present.revision), (GrantState::default(), 0));
    assert_eq!(plugin.status().as_str(), "needs approval");
    assert_eq!(plugin.undecided(), plugin.package.manifest.needs);
}

#[test]
fn grants_add_up_and_are_taken_back_one_by_one() {
    let plugin = dropped(&["docs/**", "src/**"]);
    let grant_state = after(&plugin, &[Change::Grant(named(&["write=docs/**"])), Change::Grant(named(&["write=src/main.rs", "read"]))]);
    assert_eq!(grant_state.granted, patterns(&[("write", &["docs/**", "src/main.rs"]), ("read", &["**"])]));
    let grant_state = grant_state.changed(&plugin, &Change::Revoke(named(&["write=docs/**"]))).unwrap();
    assert_eq!(grant_state.granted, patterns(&[("write", &["src/main.rs"]), ("read", &["**"])]));
    assert_eq!(grant_state.withheld, patterns(&[("write", &["docs/**"])]));
    plugin.adopt(grant_state.clone()).unwrap();
    assert_eq!(plugin.undecided(), patterns(&[("write", &["src/**"])]));
    let nothing = grant_state.changed(&plugin, &Change::Revoke(Vec::new())).unwrap();
    assert!(nothing.granted.is_empty());
    let all = nothing.changed(&plugin, &Change::Grant(Vec::new())).unwrap();
    assert!(all.withheld.is_empty() && plugin.package.manifest.needs.beyond(&all.granted, CAPABILITIES).is_empty());
}

#[test]
fn only_decides_the_rest_as_well() {
    let plugin = dropped(&["docs/**"]);
    plugin.adopt(after(&plugin, &[Change::Grant(Vec::new()), Change::Only(named(&["read"]))])).unwrap();
    assert_eq!(plugin.grant_state().granted, patterns(&[("read", &["**"])]));
    assert_eq!(plugin.grant_state().withheld, patterns(&[("write", &["docs/**"])]));
    assert_eq!(plugin.status().as_str(), "ready");
}

#[test]
fn what_makes_no_sense_is_refused_with_the_list() {
    let plugin = dropped(&["docs/**"]);
    for beyond in ["write=**", "write=src/a", "models=*", "root", "=", "", "write=\u{1b}[2J"] {
        let error = GrantState::default().changed(&plugin, &Change::Grant(named(&[beyond]))).unwrap_err().to_string();
        assert!(error.contains("`write=docs/**`") && !error.contains('\u{1b}'), "{error}");
    }
    let error = GrantState::default().changed(&plugin, &Change::Revoke(named(&["write"]))).unwrap_err();
    assert!(error.to_string().contains("it has nothing"), "{error}");
}

#[test]
fn what_could_not_be_read_back_is_not_decided() {
    let plugin = dropped_spender("2.50");
    let present = after(&plugin, &[Change::Grant(named(&["models"]))]);
    for (wrong, part) in [(vec!["dollars=1".to_owned(), "dollars=2".to_owned()], "one amount"), (many("models=m"), "256")] {
        let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
        for change in [Change::Grant(named(&wrong)), Change::Only(named(&wrong))] {
            let error = present.changed(&plugin, &change).unwrap_err().to_string();
            assert!(error.starts_with("This cannot be granted: ") && error.contains(part), "{error}");
        }
    }
    let twice = present.changed(&plugin, &Change::Grant(named(&["dollars=1", "dollars=1"]))).unwrap();
    assert_eq!(twice.granted.of("dollars"), ["1"]);
}

/// One pattern more than a kind may have.
fn many(beginning: &str) -> Vec<String> {
    (0..257).map(|number| format!("{beginning}{number}")).collect()
}

#[test]
fn a_version_that_is_not_wider_keeps_everything() {
    let (old, new) = (dropped(&["docs/**", "src/**"]), dropped(&["docs/**"]));
    let kept = after(&old, &[Change::Grant(Vec::new()), Change::Disable]);
    let present = current(&new, &[decision(&old, kept, 4)]);
    assert_eq!(present.grant_state.granted, patterns(&[("read", &["**"]), ("write", &["docs/**"])]));
    assert!(present.grant_state.disabled, "a new file does not enable itself");
    assert_eq!((present.revision, present.carried_from.map(|from| from.hash)), (0, Some(old.package.hash.clone())));
    new.adopt(present.grant_state).unwrap();
    assert!(new.undecided().is_empty());
}

#[test]
fn a_wider_version_asks_for_the_difference_only() {
    let (old, new) = (dropped(&["docs/**"]), dropped(&["docs/**", "src/**"]));
    let kept = after(&old, &[Change::Only(named(&["write=docs/**"]))]);
    let present = current(&new, &[decision(&old, kept, 4)]);
    new.adopt(present.grant_state).unwrap();
    assert_eq!(new.grant_state().granted, patterns(&[("write", &["docs/**"])]));
    assert_eq!(new.undecided(), patterns(&[("write", &["src/**"])]), "what was withheld is not asked for again");
    assert_eq!(new.status().as_str(), "needs approval");
}

#[test]
fn the_last_decision_of_the_name_is_the_one_that_carries_over() {
    let (first, second, third) = (dropped(&["docs/**"]), dropped(&["docs/**", "a"]), dropped(&["docs/**", "b"]));
    let all = after(&first, &[Change::Grant(Vec::new())]);
    let decisions = [decision(&first, all, 1), decision(&second, GrantState::default(), 2)];
    assert!(current(&third, &decisions).grant_state.granted.is_empty());
    assert_eq!(current(&first, &decisions).revision, 1, "a version that comes back has its own");
    let other = Decision { plugin: "clerk".to_owned(), ..decision(&first, GrantState { disabled: true, ..GrantState::default() }, 3) };
    assert_eq!(current(&first, &[other]).grant_state, GrantState::default(), "grants are bound to the name as well");
}

#[test]
fn a_bundled_plugin_has_what_it_needs_but_what_was_revoked() {
    let (old, new) = (plugin(Origin::Bundled, &["docs/**"]), plugin(Origin::Bundled, &["docs/**", "src/**"]));
    assert_eq!(current(&old, &[]).grant_state.granted, old.package.manifest.needs);
    let revoked = after(&old, &[Change::Revoke(named(&["write=docs/**"]))]);
    let decisions = [decision(&old, revoked, 1)];
    assert_eq!(current(&old, &decisions).grant_state.granted, patterns(&[("read", &["**"])]));
    assert_eq!(current(&new, &decisions).grant_state.granted, patterns(&[("read", &["**"]), ("write", &["src/**"])]));
}

#[test]
fn every_decision_is_told_with_who_what_and_which() {
    let plugin = dropped(&["docs/**"]);
    let (nothing, all) = (GrantState::default(), after(&plugin, &[Change::Grant(Vec::new())]));
    let told = |before: &GrantState, change: Change| {
        let after = before.changed(&plugin, &change).unwrap();
        events(&plugin, (before, &after), false, &change, By::from(&Actor::operator("ada")))
    };
    let granted = told(&nothing, Change::Grant(named(&["write"])));
    assert_eq!((granted[0].category, &*granted[0].name), (Category::Audit, "granted"));
    assert_eq!(granted[0].data["capabilities"], json!({ "write": ["docs/**"] }));
    assert_eq!((&granted[0].actor, &granted[0].data["hash"]), (&Some(Actor::operator("ada")), &json!(plugin.package.hash)));
    let names = |events: Vec<Draft>| events.into_iter().map(|event| event.name).collect::<Vec<_>>();
    assert_eq!(names(told(&all, Change::Only(named(&["read"])))), ["revoked"]);
    assert_eq!(names(told(&all, Change::Revoke(Vec::new()))), ["revoked"]);
    for change in [Change::Only(named(&["read", "write"])), Change::Grant(Vec::new())] {
        assert_eq!(names(told(&all, change)), [""; 0], "what changes nothing is not a decision");
    }
    assert_eq!(names(told(&nothing, Change::Forget)), [""; 0]);
    let withheld = told(&nothing, Change::Revoke(Vec::new()));
    assert_eq!((names(withheld.clone()), withheld[0].data["withheld"]["write"].clone()), (vec!["revoked".to_owned()], json!(["docs/**"])));
    assert_eq!(names(told(&all, Change::Disable)), ["disabled"]);
    assert_eq!(names(told(&all, Change::Enable)), ["enabled"]);
}

/// A plugin that asks for these dollars; for no bound when they are empty.
fn spender(origin: Origin, dollars: &str) -> Plugin {
    with_needs(origin, &if dollars.is_empty() { "models = [\"*\"]".to_owned() } else { format!("models = [\"*\"]\ndollars = {dollars:?}") })
}

fn dropped_spender(dollars: &str) -> Plugin {
    spender(Origin::File("scribe.wasm".into()), dollars)
}

fn dollars(grant_state: &GrantState) -> (Vec<String>, Vec<String>) {
    (grant_state.granted.of("dollars").to_vec(), grant_state.withheld.of("dollars").to_vec())
}

#[test]
fn a_smaller_amount_takes_the_place_of_a_larger_one_and_decides_of_all() {
    let plugin = dropped_spender("2.50");
    let less = after(&plugin, &[Change::Grant(Vec::new()), Change::Grant(named(&["dollars=1.50"]))]);
    assert_eq!(dollars(&less), (vec!["1.50".to_owned()], vec!["2.50".to_owned()]));
    plugin.adopt(less.clone()).unwrap();
    assert_eq!((plugin.status().as_str(), plugin.undecided().is_empty()), ("ready", true));
    let all = less.changed(&plugin, &Change::Grant(named(&["dollars"]))).unwrap();
    assert_eq!(dollars(&all), (vec!["2.50".to_owned()], Vec::new()));
    let none = all.changed(&plugin, &Change::Revoke(named(&["dollars"]))).unwrap();
    assert_eq!(dollars(&none), (Vec::new(), vec!["2.50".to_owned()]));
    let beyond = less.changed(&plugin, &Change::Grant(named(&["dollars=2.51"]))).unwrap_err().to_string();
    assert!(beyond.contains("`dollars=2.50`"), "{beyond}");
    for wrong in ["dollars=-1", "dollars=1,5", "dollars=1e400", "dollars=NaN", "dollars="] {
        let error = less.changed(&plugin, &Change::Grant(named(&[wrong]))).unwrap_err().to_string();
        assert!(error.contains("is not an amount of `dollars`"), "{wrong}: {error}");
    }
}

#[test]
fn a_version_that_may_spend_more_asks_again_and_one_that_may_spend_less_does_not() {
    let old = dropped_spender("2.50");
    let less = after(&old, &[Change::Grant(Vec::new()), Change::Grant(named(&["dollars=1.50"]))]);
    let carried = |new: &Plugin, from: &GrantState| {
        new.adopt(current(new, &[decision(&old, from.clone(), 4)]).grant_state).unwrap();
        (new.grant_state().granted.of("dollars").join(","), new.undecided().of("dollars").join(","))
    };
    let carry = |dollars: &str, from: &GrantState| carried(&dropped_spender(dollars), from);
    assert_eq!(carry("3.00", &less), ("1.50".into(), "3.00".into()));
    assert_eq!(carry("2.0", &less), ("1.50".into(), String::new()));
    assert_eq!(carry("1.00", &less), ("1.00".into(), String::new()));
    assert_eq!(carry("", &less), ("1.50".into(), String::new()), "who states no bound any more is held to the old one");
    assert_eq!(carry("0002.500", &after(&old, &[Change::Grant(Vec::new())])), ("2.50".into(), String::new()));
    let bundled = |dollars: &str| carried(&spender(Origin::Bundled, dollars), &less);
    assert_eq!(bundled("3.00"), ("1.50".into(), "3.00".into()), "a newer Baton does not raise what was lowered");
}

#[test]
fn a_plugin_that_states_no_amount_can_be_held_to_one() {
    let plugin = dropped_spender("");
    let held = after(&plugin, &[Change::Grant(Vec::new()), Change::Grant(named(&["dollars=1"]))]);
    let granted = |grant_state: &GrantState| grant_state.granted.of("dollars").join(",");
    assert_eq!(granted(&held), "1");
    for change in [Change::Only(named(&["models"])), Change::Revoke(Vec::new()), Change::Revoke(named(&["models"]))] {
        assert_eq!(granted(&held.changed(&plugin, &change).unwrap()), "1", "{change:?} would grant more");
    }
    assert_eq!(granted(&held.changed(&plugin, &Change::Revoke(named(&["dollars"]))).unwrap()), "0");
}

#[test]
fn a_stopped_plugin_is_started_again_by_a_decision_on_it_alone() {
    let (plugin, fixed) = (dropped(&["docs/**"]), dropped(&["docs/**", "src/**"]));
    let tripped = GrantState { tripped: Some(5), ..after(&plugin, &[Change::Grant(Vec::new())]) };
    plugin.adopt(tripped.clone()).unwrap();
    assert_eq!(plugin.status().as_str(), "tripped");
    assert_eq!(tripped.changed(&plugin, &Change::Grant(Vec::new())).unwrap().tripped, Some(5));
    assert_eq!(tripped.changed(&plugin, &Change::Enable).unwrap().tripped, None);
    let disabled = tripped.changed(&plugin, &Change::Disable).unwrap();
    assert_eq!((disabled.disabled, disabled.tripped), (true, None));
    assert_eq!(current(&fixed, &[decision(&plugin, tripped, 3)]).grant_state.tripped, None, "another version is another matter");
}

#[test]
fn a_reason_is_kept_with_the_decision() {
    let plugin = dropped(&["docs/**"]);
    let by = By { who: &Actor::operator("ada"), why: Some("it \u{1b}[2J writes well") };
    let after = GrantState::default().changed(&plugin, &Change::Grant(Vec::new())).unwrap();
    let told = events(&plugin, (&GrantState::default(), &after), false, &Change::Grant(Vec::new()), by);
    assert_eq!((&told[0].actor, &told[0].data["reason"]), (&Some(Actor::operator("ada")), &json!("it \u{1b}[2J writes well")));
}

fn rule(change: &Change, left: &GrantState) -> Rule {
    change.rule(&left.granted).unwrap()
}

#[test]
fn what_is_taken_back_by_name_is_gone_from_every_version_that_was_decided_of_before() {
    let (old, new) = (dropped(&["docs/**", "src/**"]), dropped(&["docs/**"]));
    let all = decision(&old, after(&old, &[Change::Grant(Vec::new())]), 1);
    let write = Change::Revoke(named(&["write"]));
    let left = after(&new, &[Change::Grant(Vec::new()), write.clone()]);
    let write = rule(&write, &left);
    let present = ruled(&old, slice::from_ref(&all), &[(2, write.clone())]);
    assert_eq!(present.grant_state.granted, patterns(&[("read", &["**"])]));
    assert_eq!(present.grant_state.withheld, patterns(&[("write", &["docs/**", "src/**"])]), "it is not asked for again");
    assert_eq!(present.revision, 2);
    assert_eq!(
        ruled(&old, &[Decision { revision: 3, ..all.clone() }], &[(2, write.clone())]).grant_state,
        all.grant_state,
        "granted since"
    );
    assert_eq!(
        ruled(&new, slice::from_ref(&all), &[(2, write)]).grant_state.granted,
        patterns(&[("read", &["**"])]),
        "what carries over is less"
    );
    let everything = rule(&Change::Revoke(Vec::new()), &GrantState::default());
    assert!(ruled(&old, slice::from_ref(&all), &[(2, everything)]).grant_state.granted.is_empty());
    let only = rule(&Change::Only(named(&["read"])), &after(&new, &[Change::Only(named(&["read"]))]));
    assert_eq!(ruled(&old, &[all], &[(2, only)]).grant_state.granted, patterns(&[("read", &["**"])]));
}

#[test]
fn disabling_by_name_holds_for_every_version_until_one_is_enabled() {
    let (old, new) = (dropped(&["docs/**", "src/**"]), dropped(&["docs/**"]));
    let kept = decision(&old, GrantState { tripped: Some(5), ..after(&old, &[Change::Grant(Vec::new())]) }, 1);
    let (disabled, enabled) = ((2, Rule::Disabled), (3, Rule::Enabled));
    for plugin in [&old, &new] {
        assert!(ruled(plugin, slice::from_ref(&kept), slice::from_ref(&disabled)).grant_state.disabled);
        let again = ruled(plugin, slice::from_ref(&kept), &[disabled.clone(), enabled.clone()]).grant_state;
        assert_eq!((again.disabled, again.tripped, again.granted.is_empty()), (false, None, false));
    }
    assert!(ruled(&new, &[], &[disabled]).grant_state.disabled, "also where nothing else was ever decided");
}

#[test]
fn what_was_forgotten_needs_approval() {
    let plugin = dropped(&["docs/**"]);
    let kept = decision(&plugin, GrantState { disabled: true, ..after(&plugin, &[Change::Only(named(&["read"]))]) }, 1);
    let grant_state = ruled(&plugin, &[kept], &[(2, Rule::Forgotten)]).grant_state;
    assert_eq!(grant_state, GrantState { disabled: true, ..GrantState::default() }, "who removes it does not enable it");
    plugin.adopt(GrantState { disabled: false, ..grant_state }).unwrap();
    assert_eq!(plugin.status().as_str(), "needs approval");
}

#[test]
fn a_bound_is_not_lifted_by_taking_back() {
    let plugin = dropped_spender("");
    let held = decision(&plugin, after(&plugin, &[Change::Grant(Vec::new()), Change::Grant(named(&["dollars=1"]))]), 1);
    let bound = |rule: Rule| ruled(&plugin, slice::from_ref(&held), &[(2, rule)]).grant_state.granted.of("dollars").join(",");
    assert_eq!(bound(rule(&Change::Revoke(Vec::new()), &GrantState::default())), "1");
    assert_eq!(bound(rule(&Change::Revoke(named(&["models"])), &GrantState::default())), "1");
    assert_eq!(bound(rule(&Change::Revoke(named(&["dollars"])), &GrantState::default())), "0");
}

#[test]
fn what_another_version_is_granted_can_be_taken_back() {
    let (old, other) = (dropped(&["docs/**"]), dropped(&["src/**"]));
    let all = decision(&old, after(&old, &[Change::Grant(Vec::new())]), 1);
    let can = |rules: &[(u64, Rule)], text: &str| {
        let rulings = rules.iter().map(|(revision, rule)| Ruling {
            plugin: "scribe".to_owned(),
            rule: rule.clone(),
            decided_at: 1,
            decided_by: "ada".to_owned(),
            revision: *revision,
        });
        let decided = Decided { versions: vec![all.clone()], rulings: rulings.collect() };
        decided.can_take_back(other.name(), &Change::Revoke(named(&[text])))
    };
    assert!(can(&[], "write") && can(&[], "write=docs/**") && !can(&[], "models"));
    assert!(!can(&[(2, Rule::Forgotten)], "write"));
}

/// A plugin that may start others.
fn starter(origin: Origin) -> Plugin {
    with_needs(origin, "agents = [\"amelia\"]\nwrite = [\"docs/**\"]\nhosts = [\"*\"]")
}

fn dropped_starter() -> Plugin {
    starter(Origin::File("scribe.wasm".into()))
}

#[test]
fn what_others_may_do_through_a_plugin_is_granted_and_taken_back_beside_what_it_may_do_itself() {
    let plugin = dropped_starter();
    let granted = after(&plugin, &[Change::Grant(Vec::new()), Change::Grant(named(&["through.write=src/**", "through.dollars=2"]))]);
    let expected =
        patterns(&[("agents", &["amelia"]), ("write", &["docs/**"]), ("through.write", &["src/**"]), ("through.dollars", &["2"])]);
    assert_eq!(granted.granted, expected);
    plugin.adopt(granted.clone()).unwrap();
    assert_eq!((plugin.status().as_str(), plugin.undecided().is_empty()), ("ready", true), "of what nothing serves nobody decides");
    let revoke = |texts: &[&str]| granted.changed(&plugin, &Change::Revoke(named(texts))).unwrap();
    assert_eq!(revoke(&["write"]).granted.of("through.write"), ["src/**"], "one is not the other");
    let rest = revoke(&["through"]);
    assert_eq!((rest.granted.of("through.write").len(), rest.granted.of("through.dollars")), (0, &["0".to_owned()][..]));
    assert_eq!(rest.granted.of("write"), ["docs/**"]);
    assert_eq!(
        rest.changed(&plugin, &Change::Revoke(named(&["through"]))).unwrap().granted,
        rest.granted,
        "nothing through it is a decision"
    );
    let only = granted.changed(&plugin, &Change::Only(named(&["agents", "through.read=**"]))).unwrap();
    assert_eq!(only.granted, patterns(&[("agents", &["amelia"]), ("through.read", &["**"]), ("through.dollars", &["2"])]));
    let by_name = rule(&Change::Revoke(named(&["through"])), &rest);
    let other = ruled(&dropped(&["docs/**"]), &[decision(&plugin, granted, 1)], &[(2, by_name)]).grant_state.granted;
    assert_eq!(other, patterns(&[("write", &["docs/**"]), ("through.dollars", &["0"])]), "also from another version");
}

#[test]
fn through_as_a_whole_lifts_the_amount_of_nothing_that_a_revocation_left() {
    let plugin = dropped_starter();
    let present = patterns(&[("write", &["src/**"]), ("dollars", &["1"])]);
    let bounded = after(&plugin, &[Change::Grant(named(&["agents", "through.write=src/**", "through.dollars=2"]))]);
    let revoked = bounded.changed(&plugin, &Change::Revoke(named(&["through"]))).unwrap();
    assert_eq!(revoked.granted.of("through.dollars"), ["0"]);
    let change = |change: Change| revoked.changed(&plugin, &change.resolved(&present)).unwrap().granted;
    let whole = patterns(&[("agents", &["amelia"]), ("through.write", &["src/**"])]);
    assert_eq!(change(Change::Grant(named(&["through"]))), whole);
    assert_eq!(change(Change::Only(named(&["agents", "through"]))), whole);
    for part in [named(&["through.write"]), named(&["through.write=src/**"]), named(&["write"]), Vec::new()] {
        assert_eq!(change(Change::Grant(part.clone())).of("through.dollars"), ["0"], "{part:?}");
    }
    let again = bounded.changed(&plugin, &Change::Grant(named(&["through"])).resolved(&present)).unwrap();
    assert_eq!(again.granted.of("through.dollars"), ["2"], "what the operator chose stays");
    let nothing = revoked.changed(&plugin, &Change::Grant(named(&["through"]))).unwrap_err();
    assert!(nothing.explain().contains("Name a pattern"), "{nothing}");
}

#[test]
fn what_cannot_be_granted_through_a_plugin_is_refused_with_the_reason() {
    let refusal =
        |plugin: &Plugin, text: &str| GrantState::default().changed(plugin, &Change::Grant(named(&[text]))).unwrap_err().explain();
    let plugin = dropped_starter();
    for (text, why) in [
        ("through.root=x", "`root` is not a kind of capability"),
        ("through.write={a", "is not a pattern"),
        ("through.dollars=-1", "is not an amount of `dollars`"),
        ("through.dollars", "Name a pattern"),
        ("through=x", "Name a pattern"),
        ("hosts", "`hosts` cannot be granted: nothing in this version of Baton uses it"),
        ("hosts=a.example.org", "cannot be granted"),
        ("through.secrets=x", "`through.secrets` cannot be granted"),
    ] {
        assert!(refusal(&plugin, text).contains(why), "{text}: {}", refusal(&plugin, text));
    }
    assert!(refusal(&starter(Origin::Bundled), "through.write=a").contains("is part of Baton"));
    assert!(refusal(&dropped(&["docs/**"]), "through.write=a").contains("so it starts no other plugin"));
    assert_eq!(after(&plugin, &[Change::Grant(Vec::new())]).granted.of("hosts"), [""; 0]);
}

#[test]
fn a_value_that_no_call_needs_is_refused_with_those_that_calls_do() {
    let closed = ["git", "people", "backlog", "pull-requests"];
    let needs = closed.map(|kind| format!("{kind} = [\"*\"]")).join("\n");
    let plugin = with_needs(Origin::File("scribe.wasm".into()), &format!("agents = [\"amelia\"]\n{needs}"));
    let change = |text: &str| GrantState::default().changed(&plugin, &Change::Grant(named(&[text])));
    for kind in closed {
        for text in [format!("{kind}=zap"), format!("through.{kind}=zap"), format!("{kind}={{zap,zip}}"), format!("{kind}=Read")] {
            let refusal = change(&text).unwrap_err().to_string();
            assert!(refusal.contains(&format!("of `{kind}` is not one of its values, which are `")), "{text}: {refusal}");
        }
        let values = CAPABILITIES.iter().find(|known| known.word == kind).unwrap().values;
        for value in values.iter().copied().chain(["*"]) {
            assert!(change(&format!("{kind}={value}")).is_ok() && change(&format!("through.{kind}={value}")).is_ok(), "{kind}={value}");
        }
    }
    let expected =
        "This cannot be granted: `zap` of `git` is not one of its values, which are `read`, `commit`, `merge`, `worktree`, `push`.";
    assert_eq!(change("git=zap").unwrap_err().to_string(), expected);
    let kept = GrantState { granted: patterns(&[("git", &["zap"])]), ..GrantState::default() };
    plugin.adopt(kept).expect("what was granted before is still read");
}

#[test]
fn a_reserved_kind_that_was_granted_before_grants_nothing() {
    let plugin = dropped_starter();
    let kept = patterns(&[("hosts", &["*"]), ("write", &["docs/**"])]);
    adopt(&plugin, GrantState { granted: kept, ..GrantState::default() });
    assert_eq!(plugin.grant_state().granted, patterns(&[("write", &["docs/**"])]));
}

#[test]
fn through_without_a_pattern_is_what_others_do_at_present() {
    let present = patterns(&[("write", &["docs/**", "src/**"]), ("models", &["*"]), ("dollars", &["1"])]);
    let resolved = |texts: &[&str]| Change::Grant(named(texts)).resolved(&present);
    let all = named(&["through", "through.models=*", "through.write=docs/**", "through.write=src/**", "write"]);
    assert_eq!(resolved(&["through", "write"]), Change::Grant(all));
    assert_eq!(resolved(&["through.models"]), Change::Grant(named(&["through.models=*"])));
    assert_eq!(resolved(&["through.git"]), Change::Grant(named(&["through.git"])), "never everything that is asked for");
    assert_eq!(Change::Grant(Vec::new()).resolved(&present), Change::Grant(Vec::new()));
}

fn on(texts: &[&str], project: Option<&str>, until: Option<u64>) -> Change {
    Change::GrantOn(named(texts), Terms { project: project.map(str::to_owned), until })
}

fn on_terms(grant_state: &GrantState) -> Vec<(Option<&str>, Option<u64>, String)> {
    let each = |grant: &LimitedGrant| list_patterns(&grant.granted);
    grant_state.limited.iter().map(|grant| (grant.terms.project.as_deref(), grant.terms.until, each(grant))).collect()
}

#[test]
fn grants_on_terms_stand_beside_those_that_hold_everywhere() {
    let plugin = dropped(&["docs/**", "src/**"]);
    let changes =
        [Change::Grant(named(&["read"])), on(&["write=docs/**"], Some("shop"), None), on(&["write=docs/**"], Some("bank"), Some(9))];
    let grant_state = after(&plugin, &changes);
    assert_eq!(on_terms(&grant_state), [(Some("shop"), None, "`write=docs/**`".into()), (Some("bank"), Some(9), "`write=docs/**`".into())]);
    plugin.adopt(grant_state.clone()).unwrap();
    assert_eq!(plugin.undecided(), patterns(&[("write", &["src/**"])]));
    let later = grant_state.changed(&plugin, &on(&["write=docs/**"], Some("shop"), Some(20))).unwrap();
    assert_eq!(on_terms(&later)[1], (Some("shop"), Some(20), "`write=docs/**`".into()), "the last decision in a project counts");
    assert_eq!(on_terms(&later).len(), 2);
    assert_eq!(on_terms(&later.changed(&plugin, &Change::Grant(named(&["write"]))).unwrap()), [], "it holds everywhere now");
    assert_eq!(on_terms(&later.changed(&plugin, &Change::Revoke(named(&["write"]))).unwrap()), []);
    let carried = current(&dropped(&["docs/**"]), &[decision(&plugin, later.clone(), 1)]).grant_state;
    assert_eq!(on_terms(&carried), on_terms(&later));
    let taken = rule(&Change::Revoke(named(&["write"])), &GrantState::default());
    assert_eq!(on_terms(&ruled(&dropped(&["docs/**"]), &[decision(&plugin, later, 1)], &[(2, taken)]).grant_state), []);
}

#[test]
fn terms_that_would_limit_nothing_or_end_by_allowing_more_are_refused() {
    let plugin = dropped(&["docs/**"]);
    let all = after(&plugin, &[Change::Grant(Vec::new())]);
    let refusal = |grant_state: &GrantState, plugin: &Plugin, text: &str| {
        grant_state.changed(plugin, &on(&[text], None, Some(9))).unwrap_err().explain()
    };
    assert!(refusal(&all, &plugin, "write").contains("everywhere and without an end. Revoke that first"));
    assert!(refusal(&GrantState::default(), &dropped_spender(""), "dollars=1").contains("later there would be no limit"));
    assert!(refusal(&GrantState::default(), &dropped_starter(), "through.dollars=1").contains("`through.dollars` only limits"));
    let asked = dropped_spender("2.50");
    let spender = after(&asked, &[Change::Grant(named(&["dollars=1"])), on(&["dollars=2"], Some("shop"), None)]);
    assert_eq!((on_terms(&spender).len(), dollars(&spender).0), (1, vec!["1".to_owned()]));
}

#[test]
fn a_grant_on_terms_is_told_with_them() {
    let plugin = dropped(&["docs/**"]);
    let change = on(&["write"], Some("shop"), Some(9));
    let after = GrantState::default().changed(&plugin, &change).unwrap();
    let told = events(&plugin, (&GrantState::default(), &after), false, &change, By::from(&Actor::operator("ada")));
    assert_eq!(told[0].data["capabilities"], json!({ "write": ["docs/**"] }));
    assert_eq!(told[0].data["terms"], json!({ "project": "shop", "until": "1970-01-01T00:00:00.009Z" }));
    let revoke = Change::Revoke(Vec::new());
    let none = after.changed(&plugin, &revoke).unwrap();
    let told = events(&plugin, (&after, &none), false, &revoke, By::from(&Actor::operator("ada")));
    assert_eq!(told[0].data["capabilities"], json!({ "write": ["docs/**"] }));
}

#[test]
fn a_grant_reaches_less_than_before_until_somebody_decides() {
    let plugin = dropped_starter();
    let older = GrantState { reaches_less: true, ..after(&plugin, &[Change::Grant(Vec::new())]) };
    let after = |change: Change| older.changed(&plugin, &change).unwrap().reaches_less;
    assert!(after(Change::Disable) && after(Change::Enable));
    for decides in [Change::Grant(named(&["agents"])), Change::Revoke(named(&["through"])), Change::Only(named(&["agents"]))] {
        assert!(!after(decides));
    }
    assert!(current(&starter(Origin::File("b.wasm".into())), &[decision(&plugin, older, 1)]).grant_state.reaches_less);
}

#[test]
fn what_is_no_pattern_is_not_granted() {
    let plugin = dropped(&["docs/**"]);
    for wrong in ["read={docs/**", "read=", "read=a\nb", "read=[a"] {
        let error = GrantState::default().changed(&plugin, &Change::Grant(named(&[wrong]))).unwrap_err();
        assert!(matches!(error, GrantError::Wrong(_)), "{wrong:?}: {error}");
    }
}

#[test]
fn a_pattern_that_was_kept_and_is_none_voids_itself_alone() {
    let plugin = dropped(&["docs/**"]);
    let kept = patterns(&[("read", &["{docs/**", "**"]), ("write", &["docs/**"]), ("root", &["*"])]);
    adopt(&plugin, GrantState { granted: kept, ..GrantState::default() });
    assert_eq!(plugin.grant_state().granted, patterns(&[("read", &["**"]), ("write", &["docs/**"])]));
}

#[test]
fn what_is_named_in_a_grant_or_taken_back_is_looked_at_again() {
    let tools = |change: Change| ["web.look", "web.post", "git.log"].map(|tool| change.looks_again_at("tools", tool));
    assert_eq!(tools(Change::Grant(named(&["tools=web.*"]))), [true, true, false]);
    assert_eq!(tools(Change::Only(named(&["tools=web.look", "read"]))), [true, false, false]);
    assert_eq!(tools(Change::Grant(named(&["tools", "write=web.look"]))), [false; 3], "whoever names none has looked at none");
    assert_eq!(tools(Change::Grant(Vec::new())), [false; 3]);
    assert_eq!(tools(Change::Revoke(named(&["tools=web.post"]))), [false, true, false]);
    for all in [Change::Revoke(named(&["tools"])), Change::Revoke(Vec::new()), Change::Forget] {
        assert_eq!(tools(all), [true; 3]);
    }
    assert_eq!(tools(Change::Revoke(named(&["write"]))), [false; 3]);
    assert_eq!(tools(Change::Enable), [false; 3]);
}

#[test]
fn a_grant_whose_time_has_passed_reaches_nothing() {
    let limited = |until| LimitedGrant { terms: Terms { project: None, until }, granted: patterns(&[("through.models", &["*"])]) };
    let grant_state = |until| GrantState { limited: vec![limited(until)], ..GrantState::default() };
    assert!(grant_state(Some(1_000)).at_most_from(1_000).is_empty());
    assert_eq!(grant_state(Some(1_000)).at_most_from(999), limited(None).granted);
    assert_eq!(grant_state(None).at_most_from(u64::MAX), limited(None).granted);
}

//! A repository whose configuration, hooks and attributes name commands wherever git would run one.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// Every way of a repository to have a command run that could be thought of. Each would leave a file.
fn plant(scene: &Scene) -> PathBuf {
    let marks = scene.home.path().join("marks");
    fs::create_dir(&marks).unwrap();
    let command = |name: &str| format!("echo run > {}/{name}; /bin/cat", marks.display());
    for hook in [
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
        "post-checkout",
        "post-merge",
        "pre-push",
        "reference-transaction",
        "post-index-change",
        "pre-merge-commit",
        "post-rewrite",
        "pre-auto-gc",
        "fsmonitor-watchman",
        "pre-receive",
        "update",
        "post-receive",
        "post-update",
        "proc-receive",
        "push-to-checkout",
    ] {
        let file = scene.person().join(".git/hooks").join(hook);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("#!/bin/sh\n{}\n", command(&format!("hook-{hook}")))).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let settings = [
        ("core.fsmonitor", "fsmonitor"),
        ("core.sshCommand", "ssh"),
        ("core.gitProxy", "proxy"),
        ("core.pager", "pager"),
        ("core.editor", "editor"),
        ("core.alternateRefsCommand", "alternate"),
        ("core.askPass", "askpass"),
        ("diff.external", "external"),
        ("diff.evil.command", "diff"),
        ("diff.evil.textconv", "textconv"),
        ("filter.evil.clean", "clean"),
        ("filter.evil.smudge", "smudge"),
        ("filter.evil.process", "process"),
        ("merge.evil.driver", "driver"),
        ("gpg.program", "gpg"),
        ("credential.helper", "credential"),
        ("uploadpack.packObjectsHook", "pack"),
        ("alias.status", "alias"),
        ("gc.recentObjectsHook", "gc"),
    ];
    for (key, name) in settings {
        let value = if key == "credential.helper" || key.starts_with("alias") { format!("!{}", command(name)) } else { command(name) };
        scene.git_quietly(&["config", key, &value]);
    }
    scene.git_quietly(&["config", "commit.gpgSign", "true"]);
    scene.git_quietly(&["config", "filter.evil.required", "true"]);
    fs::write(scene.person().join("../evil.cfg"), format!("[core]\n\tfsmonitor = {}\n", command("include"))).unwrap();
    scene.git_quietly(&["config", "include.path", "../../evil.cfg"]);
    marks
}

impl Scene {
    /// What a person does, with none of the planted commands.
    fn git_quietly(&self, arguments: &[&str]) {
        self.git(&[&["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "alias.status="], arguments].concat());
    }
}

fn marks_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn no_command_of_a_hostile_repository_is_run() {
    let mut scene = Scene::new();
    scene.write(".gitattributes", "* diff=evil merge=evil\n*.sec filter=evil\n");
    scene.write("c.sec", "encoded");
    let main = scene.person_commits("Attributes");
    scene.git(&["branch", "theirs"]);
    let marks = plant(&scene);
    let receiving = scene.home.path().join("receiving");
    // The remote is hostile as well: it is the repository itself, in another folder.
    assert!(Command::new("cp").arg("-r").arg(scene.person()).arg(&receiving).status().unwrap().success());
    scene.git_quietly(&["config", "remote.near.url", receiving.to_str().unwrap()]);
    scene.settings.remote = Some("near");
    fs::read_dir(&marks).unwrap().for_each(|mark| fs::remove_file(mark.unwrap().path()).unwrap());

    let mut recorder = scene.bench.recorder();
    scene.write("a.txt", "one\nmine\nthree\n");
    let mut run = scene.here(&mut recorder);
    run.status().await.unwrap();
    run.diff("main".into()).await.unwrap();
    run.log(None, 5).await.unwrap();
    run.read("main".into(), "a.txt".into()).await.unwrap();
    scene.write("a.txt", "one\ntwo\nthree\n");
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let other = scene.worktree(&mut recorder, "story/2").await;
    fs::write(folder.join("a.txt"), "one\nours\nthree\n").unwrap();
    fs::write(folder.join("b.txt"), "B").unwrap();
    fs::write(other.join("a.txt"), "one\ntheirs\nthree\n").unwrap();
    scene.at(&mut recorder, other.clone()).commit("Theirs".into(), None).await.unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    run.status().await.unwrap();
    run.diff("main".into()).await.unwrap();
    fs::write(folder.join("c.sec"), "in clear").unwrap();
    let refused = refusal(run.commit("Ours".into(), None).await);
    assert!(
        matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("`c.sec` goes through the filter `evil`")),
        "{refused}"
    );
    fs::write(folder.join("c.sec"), "encoded").unwrap();
    run.commit("Ours".into(), None).await.unwrap();
    let resolved = vec![bindings::git::Resolution { path: "a.txt".into(), content: Some(b"both\n".to_vec()) }];
    run.merge("story/2".into(), "Merge".into(), Vec::new()).await.unwrap();
    clean(run.merge("story/2".into(), "Merge".into(), resolved).await.unwrap());
    run.advance("main".into(), main).await.unwrap();
    run.push("story/1".into()).await.unwrap();
    run.reset("theirs".into()).await.unwrap();
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    assert_eq!(marks_in(&marks), Vec::<String>::new());
    assert_eq!(fs::read_to_string(scene.person().join("a.txt")).unwrap(), "both\n");

    // The commands do work: a person's own git runs them.
    let asked = Command::new("git").arg("diff").current_dir(scene.person()).env("HOME", scene.home.path()).output();
    assert!(asked.is_ok() && !marks_in(&marks).is_empty());
}

#[tokio::test]
async fn looking_at_branches_runs_no_command_either() {
    let scene = Scene::new();
    scene.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");
    scene.person_commits("Attributes");
    for (branch, content) in [("story/1", "one\ntheirs\nthree\n"), ("story/2", "one\ntwo\nthree\nfour\n")] {
        scene.git(&["switch", "-q", "-c", branch, "main"]);
        scene.write("a.txt", content);
        scene.person_commits(branch);
    }
    scene.git(&["switch", "-q", "main"]);
    scene.write("a.txt", "one\nours\nthree\n");
    scene.person_commits("Ours");
    let marks = plant(&scene);
    fs::read_dir(&marks).unwrap().for_each(|mark| fs::remove_file(mark.unwrap().path()).unwrap());

    let (looks, person) = (&scene.repositories, scene.person());
    assert_eq!(looks.can_be_merged(&person, "story/1", "main").await.unwrap(), Some(false));
    assert_eq!(looks.can_be_merged(&person, "story/2", "main").await.unwrap(), Some(true), "both changed it, at two places");
    assert!(looks.difference(&person, "story/1", "main").await.unwrap().contains("\n-two\n+theirs\n"));
    assert_eq!(looks.merge_commit(&person, "story/1", "main").await.unwrap(), None);
    assert_eq!(marks_in(&marks), Vec::<String>::new());

    // The merge driver does work: a person's own git runs it.
    let merged = ["merge-tree", "--write-tree", "main", "story/1"];
    let asked = Command::new("git").args(merged).current_dir(&person).env("HOME", scene.home.path()).output();
    assert!(asked.is_ok() && marks_in(&marks).contains(&"driver".to_owned()), "{:?}", marks_in(&marks));
}

#[tokio::test]
async fn a_repository_planted_inside_a_worktree_is_not_asked_anything() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let mark = scene.home.path().join("mark");
    for place in [folder.clone(), folder.join("inner")] {
        fs::create_dir_all(&place).unwrap();
        git_in(&place, &["init", "-q"]);
        git_in(&place, &["commit", "-q", "--allow-empty", "-m", "x"]);
        git_in(&place, &["config", "core.fsmonitor", &format!("echo run > {}; false", mark.display())]);
        git_in(&place, &["config", "core.worktree", "/"]);
    }
    let mut run = scene.at(&mut recorder, folder.clone());
    assert_eq!(run.branch().await.unwrap(), "story/1");
    for _ in 0..3 {
        run.status().await.unwrap();
        run.diff("main".into()).await.unwrap();
        run.commit("Inner".into(), None).await.unwrap();
    }
    assert!(!mark.exists() && !folder.join("inner/.git").exists());
}

//! Files put back as they were committed, whatever was made of them.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn is_executable(file: &Path) -> bool {
    fs::symlink_metadata(file).unwrap().permissions().mode() & 0o111 != 0
}

async fn restored(scene: &Scene, recorder: &mut Recorder, folder: &Path, paths: &[&str]) -> Result<(), Fault> {
    scene.at(recorder, folder.to_owned()).restore(paths.iter().map(|path| (*path).to_owned()).collect()).await
}

#[tokio::test]
async fn files_come_back_with_their_modes_through_whatever_stands_in_the_way() {
    let scene = Scene::new();
    scene.write("tests/run", "#!/bin/sh\n");
    scene.write("tests/deep/case", "case\n");
    fs::set_permissions(scene.person().join("tests/run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("a.txt", scene.person().join("link")).unwrap();
    scene.person_commits("Tests");
    let outside = scene.home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;

    fs::write(folder.join("tests/run"), "exit 0\n").unwrap();
    fs::set_permissions(folder.join("tests/run"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(folder.join("link")).unwrap();
    fs::write(folder.join("link"), "no link\n").unwrap();
    fs::remove_dir_all(folder.join("tests/deep")).unwrap();
    symlink(&outside, folder.join("tests/deep")).unwrap();
    fs::remove_file(folder.join("a.txt")).unwrap();
    fs::create_dir(folder.join("a.txt")).unwrap();
    fs::write(folder.join("a.txt/b"), "in the way").unwrap();
    fs::write(folder.join("new\nline"), "odd").unwrap();
    fs::write(folder.join("kept"), "kept").unwrap();
    let paths = ["tests/run", "link", "tests/deep/case", "a.txt", "new\nline", "never/there"];
    restored(&scene, &mut recorder, &folder, &paths).await.unwrap();

    assert!(is_executable(&folder.join("tests/run")) && fs::read_link(folder.join("link")).is_ok());
    assert_eq!(fs::read_to_string(folder.join("tests/deep/case")).unwrap(), "case\n");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "nothing is written through a link");
    let left: Vec<_> = scene.at(&mut recorder, folder).status().await.unwrap().into_iter().map(|change| change.path).collect();
    assert_eq!(left, ["kept"]);
}

#[tokio::test]
async fn nothing_of_a_persons_is_put_back_and_no_path_leads_out() {
    let scene = Scene::new();
    scene.write("a.txt", "mine\n");
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    assert!(matches!(
        refusal(restored(&scene, &mut recorder, &scene.person(), &["a.txt"]).await),
        CallError { kind: ErrorKind::Denied, .. }
    ));
    assert_eq!(fs::read_to_string(scene.person().join("a.txt")).unwrap(), "mine\n");
    for path in ["", "../person/a.txt", "/etc/passwd", ".git/config", "a\0b"] {
        assert!(
            matches!(refusal(restored(&scene, &mut recorder, &folder, &[path]).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{path:?}"
        );
    }
    let many = vec!["a.txt"; 10_001];
    assert!(matches!(refusal(restored(&scene, &mut recorder, &folder, &many).await), CallError { kind: ErrorKind::Invalid, .. }));
}

//! Servers that answer rubbish, lead elsewhere, answer without end or die in the middle; and URLs that would give a secret away.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
};

use baton_tests::program::{self, Ended};

/// A server that answers every connection like this, until the test ends.
fn answering(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 8192];
            let length = stream.read(&mut request).unwrap_or_default();
            answer(&String::from_utf8_lossy(&request[..length]), &mut stream);
        }
    });
    url
}

fn json(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn asked(home: &Path, url: &str) -> Ended {
    let mut command = program::command(home, &["runs", "list", "--server", url]);
    program::output(command.env("BATON_TOKEN", "baton_secret-of-ada"))
}

const VERSION: &str = r#"{"version":"9.9.9","contract":"1.0.0","oldest_api":1,"newest_api":1}"#;

#[test]
fn a_server_that_is_no_baton_or_answers_rubbish_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let too_new = VERSION.replace("\"oldest_api\":1", "\"oldest_api\":2").replace("\"newest_api\":1", "\"newest_api\":3");
    let cases: Vec<(String, &str)> = vec![
        ("garbage\r\n\r\n".to_owned(), "does not answer"),
        (json("<html>"), "does not answer as Baton does"),
        (json("[]"), "does not answer as Baton does"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(), "does not answer as Baton does"),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(), "redirection"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"version\":".to_owned(), "in the middle of an answer"),
        (json(&too_new), "does not serve version 1"),
        (json(&VERSION.replace("9.9.9", "\\u001b[2J")), "does not answer as Baton does"),
    ];
    for (answer, told) in cases {
        let shown = answer.clone();
        let url = answering(move |_, stream| drop(stream.write_all(answer.as_bytes())));
        let ended = asked(home.path(), &url).exits(1);
        assert!(ended.stderr.contains(told), "{shown}\n{}", ended.stderr);
        assert!(!ended.stderr.contains("secret-of-ada") && !ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    }
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let home = tempfile::tempdir().unwrap();
    let url = answering(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
        let mut sent = stream.write_all(head.as_bytes());
        while sent.is_ok() {
            sent = stream.write_all(&[b' '; 65536]);
        }
    });
    let ended = asked(home.path(), &url).exits(1);
    assert!(ended.stderr.contains("answers with more than"), "{}", ended.stderr);
}

#[test]
fn a_problem_of_a_server_shows_nothing_but_text_and_an_endless_list_ends() {
    let home = tempfile::tempdir().unwrap();
    let url = answering(|request, stream| {
        let answer = if request.contains("/version") {
            json(VERSION)
        } else {
            let body = r#"{"detail":"gone\u001b[2J","code":"x\u001b[2J","hint":"`baton \u202e`"}"#;
            format!("HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        };
        drop(stream.write_all(answer.as_bytes()));
    });
    let ended = asked(home.path(), &url).exits(2);
    assert!(ended.stderr.contains("gone") && !ended.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.stderr);
}

#[test]
fn a_busy_server_is_asked_again_and_then_no_more() {
    let home = tempfile::tempdir().unwrap();
    let url = answering(|request, stream| {
        let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
        let answer = if request.contains("/version") { json(VERSION) } else { busy };
        drop(stream.write_all(answer.as_bytes()));
    });
    let ended = asked(home.path(), &url).exits(1);
    assert!(ended.stderr.contains("answers with status 503"), "{}", ended.stderr);
}

#[test]
fn no_url_gives_a_secret_away() {
    let home = tempfile::tempdir().unwrap();
    for (url, told) in [
        ("http://baton.example.com", "in the clear"),
        ("https://ada:hunter2@baton.example.com", "contains a login"),
        ("http://ada@127.0.0.1:1", "contains a login"),
        ("ftp://localhost", "is not the URL of a server"),
        ("https://baton.example.com/?token=hunter2", "is not the URL of a server"),
        ("baton", "is not a URL"),
    ] {
        let ended = asked(home.path(), url).exits(2);
        assert!(ended.stderr.contains(told), "{url}: {}", ended.stderr);
        assert!(!ended.stderr.contains("secret-of-ada"), "{}", ended.stderr);
        assert!(url.contains('?') || !ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
    let nobody = asked(home.path(), "http://127.0.0.1:1").exits(1);
    assert!(nobody.stderr.contains("does not answer"), "{}", nobody.stderr);
}

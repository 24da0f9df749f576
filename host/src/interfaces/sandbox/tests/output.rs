//! What is kept of the output of commands, and who may read it.

use super::*;

#[tokio::test]
async fn long_outputs_are_cut_and_kept() {
    let flood = "é".repeat(1 << 20);
    let pieces = (0..20).map(|_| wrote(Stream::Out, &flood)).chain([wrote(Stream::Err, "x")]).collect();
    let bench = bench(pieces, exited(0), false, false);
    let (outcome, _) = outcome(bench.execute(None, Some(60_000), false).await);
    let (head, rest) = outcome.stdout.split_once("\n[… ").unwrap();
    let (left, tail) = rest.split_once(" bytes left out …]\n").unwrap();
    assert_eq!((head.len(), tail.len(), left.parse::<usize>().unwrap()), (16 << 10, 48 << 10, (40 << 20) - (64 << 10)));
    assert!([head, tail].iter().all(|part| part.chars().all(|character| character == 'é')), "no character is cut in two");
    assert_eq!((outcome.stderr.as_str(), outcome.output.as_deref()), ("x", Some("artifact-1")));
    let kept = bench.memory.artifacts.lock().unwrap()[0].clone();
    assert!(
        kept.ends_with(&format!("[{} bytes more were printed and are not kept]\n", (40 << 20) + 1 - (16 << 20))),
        "{}",
        &kept[kept.len() - 80..]
    );
    let told: usize = bench.told().iter().filter_map(|event| event[1]["text"].as_str()).map(str::len).sum();
    assert!((200 << 10..=300 << 10).contains(&told), "{told}");
    assert_eq!(bench.told().iter().filter(|event| event[1]["left_out"] == true).count(), 1);
}

#[tokio::test]
async fn an_output_is_read_by_its_own_run_alone() {
    let pieces = vec![wrote(Stream::Out, &"one\n".repeat(4000)), wrote(Stream::Err, &"two\n".repeat(4000))];
    let bench = bench(pieces, exited(0), false, false);
    let (outcome, events) = outcome(bench.execute(None, Some(60_000), false).await);
    assert_eq!(outcome.stdout, "one\n".repeat(4000), "all of it fits");
    let name = outcome.output.unwrap();
    let run = RunId::from_text("r");
    assert_eq!(bench.sandbox.output(&run, &name).await.unwrap_err().kind, ErrorKind::NotFound, "no event says that it is the run's");
    bench.memory.append(events).await.unwrap();
    assert_eq!(bench.sandbox.output(&run, &name).await.unwrap(), "one\n".repeat(4000) + &"two\n".repeat(4000));
    for other in ["artifact-2", "", "../key", &"x".repeat(10_000)] {
        let refused = bench.sandbox.output(&run, other).await.unwrap_err();
        assert!(refused.kind == ErrorKind::NotFound && refused.text.len() < 300, "{refused}");
    }
}

#[tokio::test]
async fn a_secret_at_the_edge_of_what_is_kept_is_redacted() {
    for shift in 0..40 {
        let text = format!("{}hunter2-hunter2{}", "x".repeat((16 << 10) - 40 + shift), "y".repeat(100_000));
        let bench = bench(vec![wrote(Stream::Out, &text)], exited(0), false, false);
        let (outcome, _) = outcome(bench.execute(None, Some(60_000), false).await);
        assert!(!outcome.stdout.contains("hunter"), "{shift}");
    }
}

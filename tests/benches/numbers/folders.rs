//! How fast workflow folders are read: the instructions of real ones, parsed and turned into steps. Without them there is no row.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use baton_folder_format::{finding::Findings, markup, plan, source::Source};

use crate::table::{Quantity, Samples, Table};

const ROUNDS: usize = 50;
/// 50 MB a second.
const TARGET: Duration = Duration::from_millis(20);

pub(crate) fn measure(table: &mut Table) {
    let Some(corpus) = corpus() else {
        eprintln!("no corpus of workflow folders; set BATON_BMAD_CORPUS to a folder with `corpus/`");
        return;
    };
    let mut files = Vec::new();
    read_instructions(&corpus, &mut files);
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let times = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        for (path, text) in &files {
            let mut findings = Findings::default();
            if let Some(source) = Source::decode(path, text, &mut findings) {
                std::hint::black_box(plan::read_sheet(&markup::parse(source, &mut findings)));
            }
        }
        begun.elapsed().mul_f64(1e6 / bytes.max(1) as f64)
    });
    table.add("workflow folders: 1 MB of instructions read", &Samples::of_times(times), Some(Quantity::Time(TARGET)));
}

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("BATON_BMAD_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bmad");
    named.into_iter().chain([beside]).map(|path| path.join("corpus")).find(|path| path.is_dir())
}

fn read_instructions(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            read_instructions(&path, files);
        } else if name.contains("instructions") {
            files.extend(fs::read(&path).ok().map(|text| (name, text)));
        }
    }
}

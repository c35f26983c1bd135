//! The seeds of the fuzz targets, through the functions that the targets call: so the targets build, and what a fuzzer
//! found once stays mended. `fuzz/` says how to look for more.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "here it is a module, there it is a crate")]
mod fuzz;

use std::path::Path;

use crate::scene::project_file;

#[test]
fn every_seed_is_survived() {
    let corpora = project_file("fuzz/corpus");
    for (name, target) in fuzz::TARGETS {
        let seeds = files(&corpora.join(name));
        assert!(!seeds.is_empty(), "`{name}` has no seeds");
        for seed in seeds {
            let bytes = std::fs::read(&seed).unwrap();
            std::panic::catch_unwind(|| target(&bytes))
                .unwrap_or_else(|_| panic!("`{name}` does not survive {}", seed.display()));
        }
    }
}

/// A corpus that no target reads would look like a test and be none.
#[test]
fn every_corpus_has_a_target_and_every_target_a_file() {
    let stems = |folder: &str| -> Vec<String> {
        files(&project_file(folder))
            .iter()
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let mut names: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(stems("fuzz/corpus"), names);
    assert_eq!(stems("fuzz/fuzz_targets"), names);
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

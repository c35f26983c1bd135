//! Metadata kept between commands, in the user's cache folder. What is there is used only while the instance says that its
//! metadata are still those; whatever is wrong with it, metadata are fetched as if there were no cache.

use std::fs::DirBuilder;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use serde::Deserialize;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::Wanted;
use crate::metadata::Metadata;
use crate::metadata::Note;
use crate::metadata::Reading;

/// A file of another format is no damage, only old.
const FORMAT: u32 = 1;

/// The oldest of more are removed.
const MOST_FILES: usize = 32;

/// A larger one is neither written nor read.
const LARGEST_FILE: u64 = 64 << 20;

/// Whether the hash covers dropdown lists is not known (fact sheet, Unknown), so nothing is believed for longer.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// The metadata of one instance as one user sees them.
#[derive(Debug, Clone)]
pub struct MetadataCache {
    folder: PathBuf,
    /// Everything on which an answer depends besides its request.
    whose: Vec<String>,
}

/// What became of a look into the cache.
#[derive(Debug)]
pub enum Cached {
    Found(Reading),
    /// There is nothing, or nothing of use.
    Missing,
    /// There is something that does not read.
    Damaged {
        path: PathBuf,
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Again, since names of files are hashes.
    of: Vec<String>,
    hash: String,
    notes: Vec<Note>,
    metadata: Metadata,
}

impl MetadataCache {
    /// `whose` names instance, user, version and platform.
    pub fn new(folder: PathBuf, whose: Vec<String>) -> Self {
        Self { folder, whose }
    }

    /// What was stored for the same question, if the instance still gives this hash.
    pub fn load(&self, wanted: Wanted<'_>, hash: &str) -> Cached {
        let of = self.of(wanted);
        let path = self.path(&of);
        let damaged = |reason: String| Cached::Damaged {
            path: path.clone(),
            reason,
        };
        let text = match fresh_text(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Cached::Missing,
            Err(error) => return damaged(error.to_string()),
        };
        // The format first: a later one may look otherwise in every other way.
        let stored: serde_json::Value = match serde_json::from_str(&text) {
            Ok(stored) => stored,
            Err(error) => return damaged(error.to_string()),
        };
        if stored.get("format") != Some(&serde_json::Value::from(FORMAT)) {
            return Cached::Missing;
        }
        match Stored::deserialize(stored) {
            Ok(stored) if stored.of == of && stored.hash == hash => Cached::Found(Reading {
                metadata: stored.metadata,
                notes: stored.notes,
            }),
            Ok(_) => Cached::Missing,
            Err(error) => damaged(error.to_string()),
        }
    }

    /// Puts an answer there as a whole, readable by its owner only.
    pub fn store(&self, wanted: Wanted<'_>, hash: &str, reading: &Reading) -> io::Result<()> {
        let of = self.of(wanted);
        let stored = Stored {
            format: FORMAT,
            of: of.clone(),
            hash: hash.to_owned(),
            notes: reading.notes.clone(),
            metadata: reading.metadata.clone(),
        };
        let text = serde_json::to_vec(&stored)?;
        if text.len() as u64 > LARGEST_FILE {
            return Ok(());
        }
        private_folder(&self.folder)?;
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&text)?;
        file.persist(self.path(&of))?;
        self.remove_the_oldest()
    }

    fn of(&self, wanted: Wanted<'_>) -> Vec<String> {
        let mut of = self.whose.clone();
        match wanted {
            Wanted::Everything => of.push("*".to_owned()),
            Wanted::Modules(modules) => {
                let mut names: Vec<String> = modules
                    .iter()
                    .map(|name| name.as_str().to_owned())
                    .collect();
                names.sort_unstable();
                of.extend(names);
            }
        }
        of
    }

    fn path(&self, of: &[String]) -> PathBuf {
        let name = blake3::hash(of.join("\n").as_bytes()).to_hex();
        self.folder.join(format!("{}.json", &name[..32]))
    }

    fn remove_the_oldest(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = fs_err::read_dir(&self.folder)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let path = entry.path();
                let is_ours = path.extension().is_some_and(|ending| ending == "json");
                is_ours.then_some((entry.metadata().ok()?.modified().ok()?, path))
            })
            .collect();
        files.sort_unstable();
        let too_many = files.len().saturating_sub(MOST_FILES);
        for (_, path) in files.into_iter().take(too_many) {
            fs_err::remove_file(path)?;
        }
        Ok(())
    }
}

fn fresh_text(path: &Path) -> io::Result<Option<String>> {
    let about = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // The cache folder is a file, or below one.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        about => about?,
    };
    let age = SystemTime::now().duration_since(about.modified()?);
    let is_fresh = age.is_ok_and(|age| age < LONGEST_LIFE);
    if !is_fresh || about.len() > LARGEST_FILE {
        return Ok(None);
    }
    fs_err::read_to_string(path).map(Some)
}

/// Makes a folder that nobody but its owner may enter.
fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;
    use crate::wire::ModuleName;

    fn reading() -> Reading {
        read(&json!({ "modules": { "Bugs": { "fields": { "a": { "type": "hologram" } } } } }))
    }

    fn cache(folder: &Path) -> MetadataCache {
        MetadataCache::new(
            folder.join("sugarmill"),
            vec!["https://x".into(), "admin".into()],
        )
    }

    fn is_missing(cached: &Cached) -> bool {
        matches!(cached, Cached::Missing)
    }

    #[test]
    fn what_was_stored_is_found_by_the_same_question_and_hash_only() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let bugs = [ModuleName::new("Bugs")];
        let wanted = Wanted::Modules(&bugs);
        assert!(is_missing(&cache.load(wanted, "1")));
        cache.store(wanted, "1", &reading()).unwrap();
        let Cached::Found(found) = cache.load(wanted, "1") else {
            panic!("it was stored");
        };
        assert_eq!(found, reading());
        assert!(is_missing(&cache.load(wanted, "2")));
        assert!(is_missing(&cache.load(Wanted::Everything, "1")));
        let of_another = MetadataCache::new(
            folder.path().join("sugarmill"),
            vec!["https://x".into(), "jim".into()],
        );
        assert!(is_missing(&of_another.load(wanted, "1")));
    }

    #[test]
    fn damage_is_told_and_old_files_are_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        cache.store(Wanted::Everything, "1", &reading()).unwrap();
        let path = cache.path(&cache.of(Wanted::Everything));
        let whole = fs_err::read_to_string(&path).unwrap();
        for broken in [
            "",
            "{",
            "\u{0}",
            &whole[..whole.len() / 2],
            r#"{"format": 1, "of": 7}"#,
        ] {
            fs_err::write(&path, broken).unwrap();
            let cached = cache.load(Wanted::Everything, "1");
            assert!(
                matches!(cached, Cached::Damaged { .. }),
                "{broken}: {cached:?}"
            );
        }
        fs_err::write(&path, r#"{"format": 2}"#).unwrap();
        assert!(is_missing(&cache.load(Wanted::Everything, "1")));
        fs_err::write(&path, &whole).unwrap();
        let old = SystemTime::now() - Duration::from_hours(25);
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert!(is_missing(&cache.load(Wanted::Everything, "1")));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        for number in 0..MOST_FILES + 5 {
            let module = [ModuleName::new(format!("M{number}"))];
            cache
                .store(Wanted::Modules(&module), "1", &reading())
                .unwrap();
        }
        let files = fs_err::read_dir(folder.path().join("sugarmill")).unwrap();
        assert_eq!(files.count(), MOST_FILES);
    }

    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        cache.store(Wanted::Everything, "1", &reading()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&cache.folder), 0o700);
        assert_eq!(mode(&cache.path(&cache.of(Wanted::Everything))), 0o600);
    }
}

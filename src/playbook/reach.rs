//! Which files a playbook may name: those of its own folder, and of folders somebody allowed.
//!
//! A playbook may come from somebody else; what it reads ends up in an instance, and what it writes on this machine. So
//! a path that leads out (`..`, an absolute one, a symbolic link) is followed only where it was allowed.

use std::io;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

/// The folder that a command gives its playbook, and the folders of `--allow-path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    folder: PathBuf,
    allowed: Vec<PathBuf>,
}

/// Why a path is not followed.
#[derive(Debug)]
pub enum OutOfReach {
    Outside,
    Missing,
    /// Something is there, and it is no file.
    NotAFile,
    Unreadable(io::Error),
}

impl Reach {
    /// Of a folder alone.
    pub fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            allowed: Vec::new(),
        }
    }

    /// Folders that may be reached besides.
    #[must_use]
    pub fn allowing(mut self, folders: &[PathBuf]) -> Self {
        self.allowed.extend_from_slice(folders);
        self
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The real path of a file that is there. `path` begins at the folder.
    pub fn file(&self, path: &Path) -> Result<PathBuf, OutOfReach> {
        let folder = fs_err::canonicalize(&self.folder).map_err(of_io)?;
        let bounds = self.bounds(&folder);
        // Said before the disk is asked: whether a file is there is nobody's business outside.
        if !is_within(&plain(&folder.join(path)), &bounds) {
            return Err(OutOfReach::Outside);
        }
        let found = fs_err::canonicalize(folder.join(path)).map_err(of_io)?;
        if !is_within(&found, &bounds) {
            return Err(OutOfReach::Outside);
        }
        let metadata = fs_err::metadata(&found).map_err(of_io)?;
        if metadata.is_file() {
            Ok(found)
        } else {
            Err(OutOfReach::NotAFile)
        }
    }

    /// Where a file that may not be there yet is written. Its folder has to be there.
    pub fn place(&self, path: &Path) -> Result<PathBuf, OutOfReach> {
        let folder = fs_err::canonicalize(&self.folder).map_err(of_io)?;
        let bounds = self.bounds(&folder);
        let wanted = plain(&folder.join(path));
        if !is_within(&wanted, &bounds) {
            return Err(OutOfReach::Outside);
        }
        let (Some(parent), Some(name)) = (wanted.parent(), wanted.file_name()) else {
            return Err(OutOfReach::NotAFile);
        };
        let place = fs_err::canonicalize(parent).map_err(of_io)?.join(name);
        if !is_within(&place, &bounds) {
            return Err(OutOfReach::Outside);
        }
        if place.is_dir() {
            return Err(OutOfReach::NotAFile);
        }
        Ok(place)
    }

    /// Each as it was written and as it really is, since a path may be written either way.
    fn bounds(&self, folder: &Path) -> Vec<PathBuf> {
        let mut bounds = vec![folder.to_owned()];
        for allowed in &self.allowed {
            if let Ok(absolute) = std::path::absolute(allowed) {
                bounds.push(plain(&absolute));
            }
            bounds.extend(fs_err::canonicalize(allowed).ok());
        }
        bounds
    }
}

/// A path without `.` and `..`, worked out by its words alone.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            // The parent of the root is the root; beyond the beginning of a relative path nothing is known.
            Component::ParentDir if plain.has_root() => {}
            _ => plain.push(part),
        }
    }
    plain
}

fn is_within(path: &Path, bounds: &[PathBuf]) -> bool {
    bounds.iter().any(|bound| path.starts_with(bound))
}

fn of_io(error: io::Error) -> OutOfReach {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => OutOfReach::Missing,
        _ => OutOfReach::Unreadable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        root: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("playbooks");
            fs_err::create_dir_all(folder.join("data")).unwrap();
            fs_err::create_dir_all(root.path().join("shared")).unwrap();
            fs_err::write(folder.join("data/rows.csv"), "a\n1\n").unwrap();
            fs_err::write(root.path().join("secret.csv"), "a\n1\n").unwrap();
            fs_err::write(root.path().join("shared/rows.csv"), "a\n1\n").unwrap();
            Self { root }
        }

        fn reach(&self) -> Reach {
            Reach::of(&self.root.path().join("playbooks"))
        }

        fn shared(&self) -> PathBuf {
            self.root.path().join("shared")
        }
    }

    fn is_outside(found: &Result<PathBuf, OutOfReach>) -> bool {
        matches!(found, Err(OutOfReach::Outside))
    }

    #[test]
    fn only_files_of_the_folder_are_found() {
        let place = Place::new();
        let reach = place.reach();
        for path in ["data/rows.csv", "./data/rows.csv", "data/../data/rows.csv"] {
            assert!(reach.file(Path::new(path)).is_ok(), "{path}");
        }
        let outside = place.root.path().join("secret.csv").display().to_string();
        // A file outside is refused alike whether it is there or not.
        for path in [
            "../secret.csv",
            "data/../../secret.csv",
            "../none.csv",
            &outside,
        ] {
            assert!(is_outside(&reach.file(Path::new(path))), "{path}");
            assert!(is_outside(&reach.place(Path::new(path))), "{path}");
        }
        assert!(matches!(
            reach.file(Path::new("none.csv")),
            Err(OutOfReach::Missing)
        ));
        assert!(matches!(
            reach.file(Path::new("data")),
            Err(OutOfReach::NotAFile)
        ));
        assert!(matches!(
            reach.file(Path::new("")),
            Err(OutOfReach::NotAFile)
        ));
    }

    #[test]
    fn an_allowed_folder_is_reached_and_no_other() {
        let place = Place::new();
        let reach = place.reach().allowing(&[place.shared()]);
        assert!(reach.file(Path::new("../shared/rows.csv")).is_ok());
        assert!(reach.file(&place.shared().join("rows.csv")).is_ok());
        assert!(reach.place(&place.shared().join("new.csv")).is_ok());
        assert!(is_outside(&reach.file(Path::new("../secret.csv"))));
        assert!(is_outside(
            &reach.file(Path::new("../shared/../secret.csv"))
        ));
    }

    #[test]
    fn a_link_that_leads_out_is_refused() {
        let place = Place::new();
        let folder = place.root.path().join("playbooks");
        std::os::unix::fs::symlink("../secret.csv", folder.join("link.csv")).unwrap();
        std::os::unix::fs::symlink("../shared", folder.join("linked")).unwrap();
        assert!(is_outside(&place.reach().file(Path::new("link.csv"))));
        assert!(is_outside(
            &place.reach().file(Path::new("linked/rows.csv"))
        ));
        assert!(is_outside(
            &place.reach().place(Path::new("linked/new.csv"))
        ));
        let allowing = place.reach().allowing(&[place.shared()]);
        assert!(allowing.file(Path::new("linked/rows.csv")).is_ok());
    }

    #[test]
    fn words_of_a_path_are_worked_out() {
        for (path, expected) in [
            ("a/./b/../c", "a/c"),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("/../a", "/a"),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}

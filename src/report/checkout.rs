//! Where files lie in the checkout of a workflow. Annotations and code scanning name files from its root, whichever folder
//! a command runs in.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use super::Diagnostic;

/// The root of a checkout, and the folder from which files are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    root: PathBuf,
    here: PathBuf,
}

impl Checkout {
    /// Both folders are absolute.
    pub fn new(root: &Path, here: &Path) -> Self {
        Self {
            root: plain(root),
            here: plain(here),
        }
    }

    /// The diagnostic with its file named from the root. One that lies elsewhere keeps its name.
    #[must_use]
    pub fn located(&self, diagnostic: Diagnostic) -> Diagnostic {
        Diagnostic {
            file: diagnostic.file.map(|file| self.name(&file)),
            ..diagnostic
        }
    }

    fn name(&self, file: &str) -> String {
        let path = plain(&self.here.join(file));
        match path.strip_prefix(&self.root) {
            Ok(inside) => inside.display().to_string(),
            Err(_) => file.to_owned(),
        }
    }
}

/// Without `.` and `..`, which mean nothing to those who read names of files as texts.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_root() {
        let checkout = Checkout::new(Path::new("/srv/repo/"), Path::new("/srv/repo/sub"));
        for (file, name) in [
            ("pb/bad.yaml", "sub/pb/bad.yaml"),
            ("./pb/bad.yaml", "sub/pb/bad.yaml"),
            ("../data/rows.csv", "data/rows.csv"),
            ("/srv/repo/top.yaml", "top.yaml"),
            ("/srv/other.yaml", "/srv/other.yaml"),
            ("../../other.yaml", "../../other.yaml"),
        ] {
            assert_eq!(checkout.name(file), name, "{file}");
        }
        let at_root = Checkout::new(Path::new("/srv/repo"), Path::new("/srv/repo"));
        assert_eq!(at_root.name("pb/bad.yaml"), "pb/bad.yaml");
    }
}

//! One apply at a time for an instance, a user and a platform on a machine: a second login as the same user on the same
//! platform ends the first one's session, and two runs would go on ending each other's.

use std::fs::DirBuilder;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Holder;
use super::RunFileError;
use super::exclusive::Exclusive;
use super::exclusive::NotTaken;

/// Digits of the hash that names a lock file.
const DIGITS: usize = 24;

/// Whose session a run works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    pub instance: String,
    pub user: String,
    pub platform: String,
}

/// The turn of one run. The next one has it when this one is dropped, or its process is gone.
#[derive(Debug)]
pub struct Turn {
    _file: Exclusive,
}

impl Turn {
    /// Takes the turn, or says who has it. `folder` is this user's own.
    pub fn take(folder: &Path, whose: &Whose, holder: &Holder) -> Result<Self, RunFileError> {
        let path = folder.join(whose.file_name());
        match Exclusive::take(&path, holder) {
            Ok(file) => Ok(Self { _file: file }),
            Err(NotTaken::Held(holder)) => Err(RunFileError::Occupied {
                instance: whose.instance.clone(),
                user: whose.user.clone(),
                holder,
            }),
            Err(NotTaken::Failed(source)) => Err(RunFileError::Write { path, source }),
        }
    }
}

impl Whose {
    /// Sugar takes user names in either case.
    fn file_name(&self) -> String {
        let user = self.user.to_lowercase();
        let text = [&self.instance, &user, &self.platform].map(String::as_str);
        let hash = blake3::hash(text.join("\n").as_bytes()).to_hex();
        format!("{}.lock", &hash[..DIGITS])
    }
}

/// Makes a folder that nobody but its owner may enter. One that somebody else made, or may enter, is refused: there a
/// stranger could hold a lock, or take one away.
pub fn private_folder(path: &Path, owner: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let found = std::fs::symlink_metadata(path)?;
    if found.is_dir() && found.uid() == owner {
        return std::fs::set_permissions(path, Permissions::from_mode(0o700));
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "it belongs to somebody else",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(user: &str, platform: &str) -> Whose {
        Whose {
            instance: "https://crm.example.com".into(),
            user: user.into(),
            platform: platform.into(),
        }
    }

    #[test]
    fn one_session_has_one_turn_and_others_do_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let take = |whose: &Whose| Turn::take(folder.path(), whose, &Holder::for_tests());
        let first = take(&whose("admin", "base")).unwrap();
        let refused = take(&whose("Admin", "base")).unwrap_err().to_string();
        assert_eq!(
            refused,
            "another run works on `https://crm.example.com` as `Admin`: process 4711 on build-3 since \
             2026-01-02T03:04:05Z, with `/ci/import.run`"
        );
        take(&whose("sally", "base")).unwrap();
        take(&whose("admin", "sugarmill")).unwrap();
        drop(first);
        take(&whose("admin", "base")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_folder_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let mine = std::fs::metadata(folder.path()).unwrap().uid();
        let path = folder.path().join("state/locks");
        private_folder(&path, mine).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert!(private_folder(&path, mine + 1).is_err());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(
            private_folder(&link, mine).is_err(),
            "whoever made the link may move it"
        );
    }
}

//! Where a data file is, and that it is inside the playbook's folder.

use std::io;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use super::RowError;

/// The real path of a file that the playbook names.
///
/// A playbook may come from somebody else, and what it reads ends up in an instance. So it reads beside itself only: no
/// absolute path, no `..`, and no symbolic link that leads out.
pub(super) fn locate(path: &str, folder: &Path) -> Result<PathBuf, RowError> {
    let outside = || RowError::Outside { path: path.into() };
    let is_below = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_below {
        return Err(outside());
    }
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::NotFound {
            RowError::Missing { path: path.into() }
        } else {
            unreadable(path, source)
        }
    };
    let folder = fs_err::canonicalize(folder).map_err(failed)?;
    let found = fs_err::canonicalize(folder.join(path)).map_err(failed)?;
    if !found.starts_with(&folder) {
        return Err(outside());
    }
    let metadata = fs_err::metadata(&found).map_err(failed)?;
    if !metadata.is_file() {
        return Err(RowError::NotAFile { path: path.into() });
    }
    Ok(found)
}

pub(super) fn unreadable(path: &str, source: io::Error) -> RowError {
    RowError::Unreadable {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_folder_are_found() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("playbooks");
        fs_err::create_dir_all(folder.join("data")).unwrap();
        fs_err::write(folder.join("data/rows.csv"), "a\n1\n").unwrap();
        fs_err::write(place.path().join("secret.csv"), "a\n1\n").unwrap();

        assert!(locate("data/rows.csv", &folder).is_ok());
        assert!(locate("./data/rows.csv", &folder).is_ok());
        let outside = place.path().join("secret.csv").display().to_string();
        for path in [
            "../secret.csv",
            "data/../../secret.csv",
            "data/../data/rows.csv",
            &outside,
        ] {
            assert!(
                matches!(locate(path, &folder), Err(RowError::Outside { .. })),
                "{path}"
            );
        }
        assert!(matches!(
            locate("none.csv", &folder),
            Err(RowError::Missing { .. })
        ));
        assert!(matches!(
            locate("data", &folder),
            Err(RowError::NotAFile { .. })
        ));
        assert!(matches!(
            locate("", &folder),
            Err(RowError::NotAFile { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("playbooks");
        fs_err::create_dir(&folder).unwrap();
        fs_err::write(place.path().join("secret.csv"), "a\n1\n").unwrap();
        std::os::unix::fs::symlink("../secret.csv", folder.join("rows.csv")).unwrap();
        assert!(matches!(
            locate("rows.csv", &folder),
            Err(RowError::Outside { .. })
        ));
    }
}

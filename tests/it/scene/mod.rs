//! A scene: a folder with playbooks and data, a Sugar beside it in a process of its own, and the built binary between
//! the two. Everything is on loopback, and gone when the scene is over.

mod http;
mod running;
mod said;
mod server;

use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

pub(crate) use running::Running;
pub(crate) use said::Said;
pub(crate) use server::Server;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_sugarmill");

/// A stream of a process behind which there is no room.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Full {
    Stdout,
    Stderr,
}

pub(crate) struct Scene {
    pub(crate) server: Server,
    folder: TempDir,
    /// Where locks and ledgers lie.
    state: TempDir,
    env: Vec<(&'static str, String)>,
}

impl Scene {
    /// A Sugar with its stock modules, its users and nothing else in it.
    pub(crate) fn new() -> Self {
        Self::of(&["--demo", "none"])
    }

    /// A Sugar started with these flags.
    pub(crate) fn of(flags: &[&str]) -> Self {
        let server = Server::start(flags);
        let state = tempfile::tempdir().unwrap();
        let env = vec![
            ("XDG_STATE_HOME", state.path().to_str().unwrap().to_owned()),
            ("SUGAR_URL", server.url.clone()),
            ("SUGAR_USERNAME", server.username.clone()),
            ("SUGAR_PASSWORD", server.password.clone()),
            ("SUGARMILL_SEED", "7".to_owned()),
            ("COLUMNS", "100".to_owned()),
        ];
        Self {
            server,
            folder: tempfile::tempdir().unwrap(),
            state,
            env,
        }
    }

    /// A Sugar in which this playbook, called `ground`, was run.
    pub(crate) fn on(ground: &str) -> Self {
        let scene = Self::new().file("ground.yaml", ground);
        scene.ends(0, "run ground.yaml --yes -o ground.run");
        scene
    }

    /// Puts a file into the folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Sets an environment variable for the commands that follow.
    pub(crate) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of locks and ledgers.
    pub(crate) fn state(&self) -> PathBuf {
        self.state.path().join("sugarmill")
    }

    /// What lies in the folder, by name.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs a command line in the folder to its end.
    pub(crate) fn mill(&self, line: &str) -> Said {
        let output = self.command(line).output().unwrap();
        Said::of(line, &output)
    }

    /// Runs a command line that must end with this code.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, line: &str) -> Said {
        let said = self.mill(line);
        assert_eq!(said.code, Some(code), "{said}");
        assert!(!said.stderr.contains("panicked"), "{said}");
        said
    }

    /// Runs a command line whose standard output or standard error takes nothing.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_full(&self, stream: Full, line: &str) -> Said {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = self.command(line);
        match stream {
            Full::Stdout => command.stdout(full),
            Full::Stderr => command.stderr(full),
        };
        Said::of(line, &command.output().unwrap())
    }

    /// Starts a command line and leaves it running.
    pub(crate) fn start(&self, line: &str) -> Child {
        self.command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The same, to be waited for and given signals.
    pub(crate) fn begin(&self, line: &str) -> Running {
        Running::of(line, self.start(line))
    }

    /// Runs a command line that can write no file beyond so many blocks of 512 bytes.
    pub(crate) fn limited(&self, blocks: u64, line: &str) -> Said {
        let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let command = self.command(line);
        let output = Command::new("sh")
            .args(["-c", &shell, BINARY])
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .output()
            .unwrap();
        Said::of(line, &output)
    }

    /// Runs a command line that dies where it is told to, if it comes by there. Gives what it said unless it died.
    pub(crate) fn dies_at(&self, point: &str, line: &str) -> Option<Said> {
        let mut command = self.command(line);
        let output = command.env("SUGARMILL_KILL", point).output().unwrap();
        output.status.code().map(|_| Said::of(line, &output))
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (*name, value)));
        command
    }
}

/// Waits for what comes within a minute, or does not come.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let late = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < late, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A playbook of these steps that may change much.
pub(crate) fn playbook(steps: &str) -> String {
    format!(
        "version: 1\nname: test\nidentity: test\nlimits: {{ max_deletes: 10, max_changes: 1000 }}\nsteps:\n{steps}"
    )
}

/// The one file that ends in `.run`.
pub(crate) fn only_run_file(scene: &Scene) -> String {
    let mut found = scene.files();
    found.retain(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "run")
    });
    assert_eq!(found.len(), 1, "{:?}", scene.files());
    found.remove(0)
}

/// A file that comes with the project.
pub(crate) fn project_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

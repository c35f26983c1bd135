//! A command that is under way: what it has said so far, signals, and its end.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::process::Child;
use std::process::Output;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::JoinHandle;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;

use super::Said;
use super::wait_until;

pub(crate) struct Running {
    line: String,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<()>,
    /// On stderr, so far.
    said: Arc<Mutex<String>>,
}

impl Running {
    pub(super) fn of(line: &str, mut child: Child) -> Self {
        let mut out = child.stdout.take().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        Self {
            line: line.to_owned(),
            child,
            stdout: std::thread::spawn(move || {
                let mut bytes = Vec::new();
                out.read_to_end(&mut bytes).unwrap();
                bytes
            }),
            stderr: std::thread::spawn(move || {
                for line in err.lines() {
                    *heard.lock().unwrap() += &format!("{}\n", line.unwrap());
                }
            }),
            said,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it says something on stderr.
    #[track_caller]
    pub(crate) fn until_it_says(&self, text: &str) {
        let what = format!("it does not say `{text}`");
        wait_until(&what, || self.said.lock().unwrap().contains(text));
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Said {
        let status = self.child.wait().unwrap();
        self.stderr.join().unwrap();
        let stderr = self.said.lock().unwrap().clone().into_bytes();
        let output = Output {
            status,
            stdout: self.stdout.join().unwrap(),
            stderr,
        };
        Said::of(&self.line, &output)
    }
}

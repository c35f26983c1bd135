//! A sandbox in a process of its own, with its database and its log to look into.

use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::BINARY;
use super::http;
use super::wait_until;

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) username: String,
    pub(crate) password: String,
    process: Child,
    folder: TempDir,
}

impl Server {
    pub(super) fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(BINARY)
            .args(["sandbox", "--port", "0", "--format", "json"])
            .arg("--data")
            .arg(folder.path().join("sugar.db"))
            .arg("--log")
            .arg(folder.path().join("requests.jsonl"))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON when it is ready");
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self {
            url: text("url"),
            username: text("username"),
            password: text("password"),
            process,
            folder,
        }
    }

    /// Lets it misbehave from now on.
    pub(crate) fn fault(&self, fault: &str) {
        let body = json!({ "fault": fault });
        let (status, answer) = http::call("POST", &self.at("/sandbox/faults"), None, &body);
        assert_eq!(status, 200, "{answer}");
    }

    /// The same, to be waited for.
    pub(crate) fn counted(&self, fault: &str) -> Counted<'_> {
        let place = self.faults().len();
        self.fault(&format!("{fault},times={OFTEN}"));
        Counted {
            server: self,
            place,
        }
    }

    fn faults(&self) -> Vec<String> {
        let (_, answer) = http::call("GET", &self.at("/sandbox/faults"), None, &Value::Null);
        let faults = answer["faults"].as_array().unwrap().iter();
        faults
            .map(|fault| fault.as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn behave(&self) {
        http::call("DELETE", &self.at("/sandbox/faults"), None, &Value::Null);
    }

    /// What requests cost from now on, so that it is the instance that takes the time, and not a busy machine.
    pub(crate) fn cost(&self, cost: &Value) {
        let (status, answer) = http::call("PUT", &self.at("/sandbox/cost"), None, cost);
        assert_eq!(status, 200, "{answer}");
    }

    /// What roles there are from now on.
    pub(crate) fn roles(&self, roles: &Value) {
        let (status, answer) = http::call("PUT", &self.at("/sandbox/roles"), None, roles);
        assert_eq!(status, 200, "{answer}");
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Does something in Sugar as somebody else would: over its API, with a login of its own.
    pub(crate) fn somebody(&self, method: &str, path: &str, body: &Value) -> Value {
        let login = json!({
            "grant_type": "password", "client_id": "sugar", "client_secret": "", "platform": "mobile",
            "username": self.username, "password": self.password,
        });
        let (_, token) = http::call("POST", &self.at("/rest/v11_5/oauth2/token"), None, &login);
        let token = token["access_token"].as_str().expect("a login");
        let url = self.at(&format!("/rest/v11_5{path}"));
        let (status, answer) = http::call(method, &url, Some(token), body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Somebody else writes fields of a record, and nobody can take its `date_modified` for the one before: it has whole
    /// seconds, and moves on by one at least.
    pub(crate) fn somebody_edits(&self, module: &str, id: &str, fields: &Value) {
        self.somebody("PUT", &format!("/{module}/{id}"), fields);
        let table = module.to_lowercase();
        let later = format!(
            "UPDATE {table} SET date_modified = strftime('%Y-%m-%d %H:%M:%S', date_modified, '+1 second') WHERE id = ?1"
        );
        let changed = self.database().execute(&later, (id,)).unwrap();
        assert_eq!(changed, 1, "{module} {id}");
    }

    /// The first value of the first row that a question to its database finds.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.database()
            .query_row(sql, (), |row| row.get(0))
            .unwrap()
    }

    pub(crate) fn text(&self, sql: &str) -> String {
        self.database()
            .query_row(sql, (), |row| row.get(0))
            .unwrap()
    }

    pub(crate) fn lines(&self, sql: &str) -> Vec<String> {
        let database = self.database();
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Gives its database a trigger, as a logic hook of an instance is one: it changes a record while it is saved.
    pub(crate) fn hook(&self, trigger: &str) {
        self.database().execute_batch(trigger).unwrap();
    }

    /// Its records as they are now, in a file to be [restored](Self::restore).
    pub(crate) fn keep(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let into = path.to_str().unwrap();
        self.database().execute("VACUUM INTO ?1", (into,)).unwrap();
        path
    }

    /// Brings back the records of a file. It serves on meanwhile; every login is forgotten.
    pub(crate) fn restore(&self, from: &Path) {
        let mut database = self.database();
        let from = from.to_str().unwrap();
        database.execute("ATTACH ?1 AS kept", (from,)).unwrap();
        let transaction = database
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .unwrap();
        let tables: Vec<String> = transaction
            .prepare("SELECT name FROM main.sqlite_master WHERE type = 'table'")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for table in tables {
            transaction
                .execute_batch(&format!(
                    "DELETE FROM main.\"{table}\"; INSERT INTO main.\"{table}\" SELECT * FROM kept.\"{table}\""
                ))
                .unwrap();
        }
        transaction.commit().unwrap();
    }

    pub(crate) fn database(&self) -> rusqlite::Connection {
        let database = rusqlite::Connection::open(self.folder.path().join("sugar.db")).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database
    }

    /// Every request and every entry of a bulk that it got.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("requests.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Requests and entries that could have changed something.
    pub(crate) fn writes(&self) -> usize {
        let reads = [
            "/bulk",
            "/filter",
            "/oauth2/token",
            "/oauth2/logout",
            "/filter/count",
        ];
        self.log()
            .iter()
            .filter(|line| line["method"] != "GET")
            .filter(|line| {
                !reads
                    .iter()
                    .any(|read| line["path"].as_str().unwrap().ends_with(read))
            })
            .count()
    }
}

/// As often as nothing happens in a test.
const OFTEN: u32 = 1_000_000;

/// A fault of which it can be seen how often it has struck.
pub(crate) struct Counted<'a> {
    server: &'a Server,
    place: usize,
}

impl Counted<'_> {
    pub(crate) fn strikes(&self) -> u32 {
        let fault = self.server.faults().swap_remove(self.place);
        let (_, left) = fault.split_once("times=").unwrap();
        OFTEN - left.parse::<u32>().unwrap()
    }

    /// Waits until it has struck once more than so often.
    #[track_caller]
    pub(crate) fn wait_beyond(&self, strikes: u32) {
        wait_until("the fault does not strike", || self.strikes() > strikes);
    }

    /// Waits until it strikes.
    #[track_caller]
    pub(crate) fn wait(&self) {
        self.wait_beyond(0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! A sandbox, a client of it as plain as can be, and the built binary beside it.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;
use sugarmill::sandbox;
use sugarmill::sandbox::Config;
use sugarmill::sandbox::CostModel;
use sugarmill::sandbox::Demo;
use sugarmill::sandbox::Running;
use tempfile::TempDir;

use super::Failure;

const BINARY: &str = env!("CARGO_BIN_EXE_sugarmill");

pub(crate) struct Shop {
    _server: Server,
    url: String,
    username: String,
    password: String,
    client: Client,
    token: String,
    folder: TempDir,
}

/// Where the sandbox is. It is only held: it goes when the shop does.
enum Server {
    Within(#[expect(dead_code, reason = "it is held")] Running),
    Away(Child),
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Self::Away(process) = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// What a command took.
pub(crate) struct Ran {
    /// The most memory it had, in KiB.
    pub(crate) peak: u64,
    pub(crate) processor: Duration,
}

/// An entry of `/bulk` that creates a record.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the fields are written down where it is called"
)]
pub(crate) fn post(module: &str, fields: Value) -> Value {
    json!({ "url": format!("/v11_5/{module}"), "method": "POST", "data": fields })
}

/// An entry of `/bulk` that links a contact to an account.
pub(crate) fn link(account: &str, contact: &str) -> Value {
    let body = json!({ "link_name": "contacts", "ids": [contact] });
    json!({ "url": format!("/v11_5/Accounts/{account}/link"), "method": "POST", "data": body })
}

/// Runs everything side by side; gives the first failure.
pub(crate) async fn together<F>(work: impl Iterator<Item = F>) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let mut open: Vec<_> = work.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        let mut at = 0;
        while at < open.len() {
            match open[at].as_mut().poll(context) {
                std::task::Poll::Pending => at += 1,
                std::task::Poll::Ready(Ok(())) => drop(open.swap_remove(at)),
                failed @ std::task::Poll::Ready(Err(_)) => return failed,
            }
        }
        match open.is_empty() {
            true => std::task::Poll::Ready(Ok(())),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

impl Shop {
    /// Within the process. With a cost model there is no log, which would cost as well.
    pub(crate) async fn open(cost: Option<CostModel>) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let config = Config {
            demo: Demo::None,
            log: cost.is_none().then(|| folder.path().join("log.jsonl")),
            cost,
            ..Config::default()
        };
        Self::within(folder, config).await
    }

    /// With so many accounts, which a database file has before the sandbox serves it: asked for one by one they would
    /// take an hour.
    pub(crate) async fn of_accounts(count: usize) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let config = Config {
            demo: Demo::None,
            log: Some(folder.path().join("log.jsonl")),
            data: Some(folder.path().join("sugar.db")),
            ..Config::default()
        };
        sandbox::start(config.clone()).await?.stop().await;
        Connection::open(folder.path().join("sugar.db"))?.execute_batch(&format!(
            "PRAGMA cache_size = -200000;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO accounts (id, name, industry, date_entered, date_modified, assigned_user_id)
             SELECT lower(hex(randomblob(16))), printf('Account %d', i), 'Retail', '2026-01-02 03:04:05',
                    '2026-01-02 03:04:05', '1' FROM n"
        ))?;
        Self::within(folder, config).await
    }

    async fn within(folder: TempDir, config: Config) -> Result<Self, Failure> {
        let running = sandbox::start(config).await?;
        let (url, username) = (running.url().to_owned(), running.username().to_owned());
        let password = running.password().to_owned();
        let server = Server::Within(running);
        Self::of(server, [url, username, password], folder).await
    }

    /// In a process of its own, whose time is not that of who asks it.
    pub(crate) async fn away() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let mut process = Command::new(BINARY)
            .args("sandbox --port 0 --demo none --format json".split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = process.stdout.take().ok_or("no output of the sandbox")?;
        let server = Server::Away(process);
        BufReader::new(out).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Self::of(server, ["url", "username", "password"].map(text), folder).await
    }

    async fn of(server: Server, who: [String; 3], folder: TempDir) -> Result<Self, Failure> {
        let [url, username, password] = who;
        let mut shop = Self {
            _server: server,
            url,
            username,
            password,
            client: Client::builder().no_proxy().build()?,
            token: String::new(),
            folder,
        };
        let login = json!({ "grant_type": "password", "client_id": "sugar", "client_secret": "",
            "username": shop.username, "password": shop.password, "platform": "mobile" });
        let answer = shop.send("POST", "/v11_5/oauth2/token", &login).await?;
        let token = answer["access_token"].as_str().ok_or("no token")?;
        token.clone_into(&mut shop.token);
        Ok(shop)
    }

    /// Changes something while the sandbox runs.
    pub(crate) async fn administer(&self, what: &str, how: &Value) -> Result<(), Failure> {
        let url = format!("{}/sandbox/{what}", self.url);
        let answer = self.client.put(url).json(how).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// Sends a bulk as it is and takes what comes back.
    pub(crate) async fn bare(&self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let request = self.client.post(format!("{}/rest/v11_5/bulk", self.url));
        let request = request.header("OAuth-Token", &self.token);
        let answer = request.header(CONTENT_TYPE, "application/json").body(body);
        let answer = answer.send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(fs::write(self.folder.path().join(name), text)?)
    }

    /// Every request it got, and every entry.
    pub(crate) fn log(&self) -> Result<Vec<Value>, Failure> {
        let text = fs::read_to_string(self.folder.path().join("log.jsonl"))?;
        Ok(text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn bulk(&self, entries: &[Value]) -> Result<(), Failure> {
        let answer = self
            .send("POST", "/v11_5/bulk", &json!({ "requests": entries }))
            .await?;
        let entries = answer.as_array().ok_or("no answer to a bulk")?;
        match entries.iter().find(|entry| entry["status"] != 200) {
            Some(entry) => Err(entry.to_string().into()),
            None => Ok(()),
        }
    }

    /// What would be an entry of `/bulk`, by itself.
    pub(crate) async fn single(&self, entry: &Value) -> Result<(), Failure> {
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        self.send(text("method"), text("url"), &entry["data"])
            .await?;
        Ok(())
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}/rest{path}", self.url);
        let request = self.client.request(method.parse()?, url).json(body);
        let answer = request.header("OAuth-Token", &self.token).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        match status.is_success() {
            true => Ok(body),
            false => Err(format!("{method} {path}: {status} {body}").into()),
        }
    }

    /// Runs a command line of the binary, which must succeed.
    pub(crate) async fn mill(&self, line: &str) -> Result<Ran, Failure> {
        let stderr = self.folder.path().join("stderr");
        let before = children_processor_time()?;
        let mut child = Command::new(BINARY)
            .args(line.split_whitespace())
            .arg("-q")
            .current_dir(self.folder.path())
            .env_clear()
            .env("SUGAR_URL", &self.url)
            .env("SUGAR_USERNAME", &self.username)
            .env("SUGAR_PASSWORD", &self.password)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&stderr)?)
            .spawn()?;
        let mut most = 0;
        loop {
            most = peak(child.id()).unwrap_or(0).max(most);
            match child.try_wait()? {
                Some(status) if status.success() => {
                    let processor = children_processor_time()?.saturating_sub(before);
                    return Ok(Ran {
                        peak: most,
                        processor,
                    });
                }
                Some(status) => {
                    let said = fs::read_to_string(&stderr)?;
                    return Err(format!("`sugarmill {line}`: {status}: {said}").into());
                }
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

/// Processor time of processes that ended, in user mode and in the kernel, to a hundredth of a second.
fn children_processor_time() -> Result<Duration, Failure> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name stands in brackets and may hold anything.
    let (_, fields) = text.rsplit_once(')').ok_or("no statistics")?;
    let mut ticks = 0;
    for field in fields.split_whitespace().skip(13).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// The same of this process, exactly.
pub(crate) fn own_processor_time() -> Result<Duration, Failure> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let spent = text.split_whitespace().next().ok_or("no statistics")?;
        nanoseconds += spent.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The peak of a process, where the system tells it.
fn peak(process: u32) -> Option<u64> {
    let status = Path::new("/proc").join(process.to_string()).join("status");
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

//! `cosell run` as a process of its own, with a small pack, and a service whose answers the test decides.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path as Place, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The longest that a test waits for anything.
const LONGEST: Duration = Duration::from_secs(60);

/// A folder with a pack in it, and the service that its flows ask.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) service: Arc<Service>,
}

/// Answers `GET /NAME` with 404, 200, or not at all.
#[derive(Default)]
pub(crate) struct Service {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<HashMap<String, usize>>,
    changed: Notify,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 404.
    #[default]
    Missing,
    /// 200, with a value that the flows of the test keep secure.
    Found,
    /// None until there is another one.
    Nothing,
}

impl Service {
    pub(crate) fn set(&self, name: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(name.to_owned(), answer);
        self.changed.notify_waiters();
    }

    /// How often it was asked for that.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().get(name).copied().unwrap_or_default()
    }

    async fn answer(State(service): State<Arc<Service>>, Place(name): Place<String>) -> (StatusCode, String) {
        *service.asked.lock().unwrap().entry(name.clone()).or_default() += 1;
        loop {
            let changed = service.changed.notified();
            let answer = service.answers.lock().unwrap().get(&name).copied().unwrap_or_default();
            match answer {
                Answer::Missing => return (StatusCode::NOT_FOUND, format!("there is no {name}")),
                Answer::Found => return (StatusCode::OK, format!("here is {name}")),
                Answer::Nothing => changed.await,
            }
        }
    }
}

impl Stage {
    /// A pack of these flows, each a name and the rest of its file. `{service}` stands for the service's address.
    pub(crate) async fn set(flows: &[(&str, &str)]) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = Arc::new(Service::default());
        let router = Router::new().route("/{name}", get(Service::answer)).with_state(Arc::clone(&service));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = TempDir::new().unwrap();
        let pack = folder.path().join("pack");
        std::fs::create_dir(&pack).unwrap();
        let head = "pack: probe\nversion: 0.1.0\nconnections: { http: { connector: http } }\n";
        std::fs::write(pack.join("pack.yaml"), head).unwrap();
        for (name, rest) in flows {
            let text = format!("flow: {name}\n{}", rest.replace("{service}", &address));
            std::fs::write(pack.join(format!("{name}.yaml")), text).unwrap();
        }
        Stage { folder, service }
    }

    /// Starts the engine; it has taken up what there was when this returns.
    pub(crate) fn engine(&self) -> Serving {
        self.engine_with(&["run", "--pack", "pack"])
    }

    /// The same with other arguments.
    pub(crate) fn engine_with(&self, arguments: &[&str]) -> Serving {
        self.engine_under(arguments, &[])
    }

    /// The same where these variables are set.
    pub(crate) fn engine_under(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut serving = Serving { child, lines, said: String::new() };
        serving.says("stop it with Ctrl-C");
        serving
    }

    /// One command in the folder.
    pub(crate) fn cosell(&self, arguments: &[&str]) -> Said {
        Said::new(arguments, self.command(arguments).output().unwrap())
    }

    /// The runs that a filter leaves, as JSON, newest first.
    pub(crate) fn runs(&self, filter: &[&str]) -> Vec<Value> {
        let said = self.cosell(&[&["runs", "list", "--json"], filter].concat());
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until a filter leaves so many runs, and gives their ids, newest first.
    pub(crate) fn wait_for_runs(&self, filter: &[&str], count: usize) -> Vec<String> {
        let started = Instant::now();
        loop {
            let runs = self.runs(filter);
            if runs.len() == count {
                return runs.iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect();
            }
            assert!(started.elapsed() < LONGEST, "{filter:?} leaves {} runs, not {count}: {runs:?}", runs.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosell"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("COSELL_STORE");
        command
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    arguments: Vec<String>,
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) all: String,
}

impl Said {
    fn new(arguments: &[&str], output: Output) -> Said {
        let out = String::from_utf8(output.stdout).unwrap();
        let all = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Said { arguments, code: output.status.code(), out, all }
    }

    /// It ended with that code, and said all of this.
    pub(crate) fn check(&self, code: i32, expected: &[&str]) -> &Said {
        assert_eq!(self.code, Some(code), "{:?}: {}", self.arguments, self.all);
        for expected in expected {
            assert!(self.all.contains(expected), "{:?} does not say `{expected}`: {}", self.arguments, self.all);
        }
        self
    }
}

/// An engine at work. It is killed when this is dropped.
pub(crate) struct Serving {
    child: Child,
    lines: BufReader<ChildStdout>,
    said: String,
}

impl Serving {
    /// Reads what it says until it says that; gives all that it said so far.
    pub(crate) fn says(&mut self, expected: &str) -> &str {
        while !self.said.contains(expected) {
            if self.lines.read_line(&mut self.said).unwrap() == 0 {
                let mut errors = String::new();
                let _ = std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut errors);
                panic!("the engine ended without saying `{expected}`: {}{errors}", self.said);
            }
        }
        &self.said
    }

    /// As by `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As by Ctrl-C; gives what it said, once it has ended well.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> String {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        while self.lines.read_line(&mut self.said).unwrap() > 0 {}
        assert!(self.child.wait().unwrap().success(), "{}", self.said);
        self.said.clone()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

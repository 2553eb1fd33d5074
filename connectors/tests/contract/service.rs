//! A service on a bare socket, which gives tokens and definitions of tables, and answers everything else as told, however
//! wrong that is.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// As much as an endless answer has in the end, in bytes: more than anybody should read.
const END: usize = 256 * 1024 * 1024;

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// All of these bytes.
    Whole(String),
    /// The beginning of an answer.
    Cut,
    /// Nothing at all.
    Silence,
    /// JSON that goes on and on.
    Endless,
}

impl Told {
    /// An error of that status.
    pub(crate) fn status(status: u16) -> Told {
        let body = json!({ "error": { "code": "code", "message": "No." } }).to_string();
        Told::Whole(format!(
            "HTTP/1.1 {status} X\r\nretry-after: 7\r\nlocation: https://elsewhere.example/\r\n{}",
            rest(&body)
        ))
    }

    /// A success with that body.
    pub(crate) fn body(body: &str) -> Told {
        Told::Whole(format!("HTTP/1.1 200 OK\r\n{}", rest(body)))
    }
}

fn rest(body: &str) -> String {
    format!("content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

struct State {
    told: Told,
    asked: usize,
    sent: usize,
}

/// The service; it ends with the test's runtime.
pub(crate) struct Service {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Service {
    pub(crate) async fn start() -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { told: Told::Silence, asked: 0, sent: 0 }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        Service { url, state }
    }

    /// What it answers from now on.
    pub(crate) fn tells(&self, told: Told) {
        self.state.lock().unwrap().told = told;
    }

    /// Requests so far, those for tokens and definitions among them.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// Bytes of endless answers that were taken so far.
    pub(crate) fn sent(&self) -> usize {
        self.state.lock().unwrap().sent
    }
}

/// One request, one answer. A caller that goes away ends it.
async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    let target = request(&mut socket).await;
    let told = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        state.told.clone()
    };
    let told = if target.ends_with("/oauth2/v2.0/token") {
        Told::body(&json!({ "access_token": "hush-token", "expires_in": 3599 }).to_string())
    } else if target.contains("EntityDefinitions") {
        Told::body(&definition(&target).to_string())
    } else {
        told
    };
    match told {
        Told::Whole(text) => drop(socket.write_all(text.as_bytes()).await),
        Told::Cut => drop(socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"value\":").await),
        Told::Silence => {}
        Told::Endless => endless(&mut socket, &state).await,
    }
    let _ = socket.shutdown().await;
}

async fn endless(socket: &mut TcpStream, state: &Mutex<State>) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n[";
    let mut piece = head.as_bytes().to_vec();
    let mut sent = 0;
    while sent < END && socket.write_all(&piece).await.is_ok() {
        sent += piece.len();
        state.lock().unwrap().sent += piece.len();
        piece = vec![b' '; 64 * 1024];
    }
}

/// Reads a request to its end; its target.
async fn request(socket: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match socket.read(&mut buffer).await {
            Ok(count) if count > 0 => read.extend_from_slice(&buffer[..count]),
            _ => return String::new(),
        }
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return head.split(' ').nth(1).unwrap_or_default().to_owned();
        }
    }
}

fn definition(target: &str) -> serde_json::Value {
    let table = if target.contains("cosell_solution") { "cosell_solution" } else { "opportunity" };
    let text = |name: &str| json!({ "LogicalName": name, "AttributeType": "String" });
    json!({
        "LogicalName": table, "EntitySetName": format!("{table}s"), "PrimaryIdAttribute": format!("{table}id"),
        "Attributes": [
            text(&format!("{table}id")), text("name"), text("description"), text("cosell_referralid"),
            text("createdon"), text("modifiedon"), text("versionnumber"),
        ],
        "ManyToOneRelationships": [],
        "OneToManyRelationships": [{
            "ReferencingEntity": "cosell_solution", "ReferencingAttribute": "cosell_opportunityid",
            "ReferencedEntityNavigationPropertyName": "cosell_solutions" }],
    })
}

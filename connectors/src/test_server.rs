//! A service for tests: it records what it is asked and answers what it is told, on a port of its own.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use serde_json::{Value, json};

use crate::settings::{Secret, SignIn};

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Answer {
        Answer::bytes(status, body.to_string().as_bytes()).with("content-type", "application/json")
    }

    pub(crate) fn bytes(status: u16, body: &[u8]) -> Answer {
        Answer { status, headers: Vec::new(), body: body.to_vec() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Rule = Box<dyn FnMut(&Asked) -> Option<Answer> + Send>;

#[derive(Default)]
struct Script {
    asked: Vec<Asked>,
    answers: VecDeque<Answer>,
    rule: Option<Rule>,
    tokens: usize,
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct TestServer {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl TestServer {
    /// A server that gives these answers in turn. Requests for a token are answered by themselves: with
    /// `token-1`, `token-2` and so on.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> TestServer {
        let script = Arc::new(Mutex::new(Script { answers: answers.into_iter().collect(), ..Script::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        TestServer { url, script }
    }

    /// A server that asks `rule` first.
    pub(crate) async fn ruled(rule: impl FnMut(&Asked) -> Option<Answer> + Send + 'static) -> TestServer {
        let server = TestServer::start([]).await;
        server.script.lock().unwrap().rule = Some(Box::new(rule));
        server
    }

    /// Everything that was asked, but for tokens.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let script = self.script.lock().unwrap();
        script.asked.iter().filter(|asked| !is_token(asked)).cloned().collect()
    }

    /// The requests for tokens.
    pub(crate) fn token_requests(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.iter().filter(|asked| is_token(asked)).cloned().collect()
    }

    /// The requests in short: `GET /path?query`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect()
    }

    /// How a client signs in to this server.
    pub(crate) fn sign_in(&self) -> SignIn {
        SignIn {
            client_secret: Some(Secret::given("secret")),
            login_url: self.url.clone(),
            ..SignIn::new("tenant", "client")
        }
    }
}

fn is_token(asked: &Asked) -> bool {
    asked.target.ends_with("/oauth2/v2.0/token")
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 24).await.unwrap_or_default();
    let headers = parts.headers.iter();
    let asked = Asked {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let mut script = script.lock().unwrap();
    script.asked.push(asked.clone());
    let ruled = script.rule.as_mut().and_then(|rule| rule(&asked));
    let answer = match ruled {
        Some(answer) => answer,
        None if is_token(&asked) => {
            script.tokens += 1;
            let token = format!("token-{}", script.tokens);
            Answer::json(200, json!({ "access_token": token, "expires_in": "3599", "token_type": "Bearer" }))
        }
        None => script.answers.pop_front().unwrap_or(Answer::json(599, json!({}))),
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

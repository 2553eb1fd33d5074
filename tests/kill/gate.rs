//! Stands before a service: passes requests on, counts them, and catches one.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, Response, Uri, request};
use reqwest::Client;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::Point;

/// Counts the calls to all services, and says when one is caught.
#[derive(Default)]
pub(crate) struct Calls {
    counted: Mutex<Counted>,
    /// Polls that were answered. They come by the clock, so they are not counted as calls.
    polls: AtomicUsize,
    caught: Notify,
}

#[derive(Default)]
struct Counted {
    is_on: bool,
    calls: usize,
    catch: Option<Point>,
}

impl Calls {
    /// Counts from now on, and catches at that point.
    pub(crate) fn count(&self, catch: Option<Point>) {
        *self.counted.lock().unwrap() = Counted { is_on: true, calls: 0, catch };
    }

    /// How many there were.
    pub(crate) fn calls(&self) -> usize {
        self.counted.lock().unwrap().calls
    }

    /// How many polls were answered.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }

    /// Waits until a call is caught.
    pub(crate) async fn caught(&self) {
        self.caught.notified().await;
    }

    /// The number of the next call, and whether it is the one to catch: before it is made, and after.
    fn next(&self) -> (bool, bool) {
        let mut counted = self.counted.lock().unwrap();
        if !counted.is_on {
            return (false, false);
        }
        counted.calls += 1;
        let call = counted.calls;
        (counted.catch == Some(Point::BeforeCall(call)), counted.catch == Some(Point::AfterCall(call)))
    }

    /// What was caught never comes back.
    async fn hold(&self) -> ! {
        self.caught.notify_one();
        std::future::pending().await
    }
}

/// A listener before one service.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Way {
    http: Client,
    to: String,
    calls: Arc<Calls>,
}

impl Gate {
    /// Passes on to the service at that address.
    pub(crate) async fn start(to: &str, calls: &Arc<Calls>) -> Gate {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let way = Way { http, to: to.to_owned(), calls: Arc::clone(calls) };
        let router = Router::new().fallback(pass).with_state(way);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Gate { address, task }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(way): State<Way>, method: Method, uri: Uri, parts: request::Parts, body: Bytes) -> Response<Body> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let is_poll = is_poll(path);
    let (before, after) = if is_poll { (false, false) } else { way.calls.next() };
    if before {
        way.calls.hold().await;
    }
    let mut headers = parts.headers;
    headers.remove("host");
    let request = way.http.request(method, format!("{}{path}", way.to)).headers(headers).body(body);
    let answer = request.send().await.unwrap();
    if after {
        way.calls.hold().await;
    }
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "content-encoding" && name != "content-length" {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.unwrap();
    way.calls.polls.fetch_add(usize::from(is_poll), Ordering::Relaxed);
    response.body(Body::from(body)).unwrap()
}

/// Whether it asks for what changed since some time.
fn is_poll(path: &str) -> bool {
    ["modifiedon ge", "modifiedon%20ge", "modifiedon+ge"].iter().any(|since| path.contains(since))
}

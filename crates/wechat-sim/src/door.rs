//! WeChat's side: notes each call, lets a fault have its way, and answers.

use std::io;

use futures_util::stream;
use poem::{Body, Endpoint, Request, Response, http::StatusCode};
use serde_json::Value;

use crate::{
    ask::{Ask, Call},
    calls,
    courier::Courier,
    refusal::Refusal,
    state::{
        Shared,
        faults::{Effect, Fault},
        journal::Outcome,
    },
};

const JSON: &str = "application/json; charset=utf-8";
/// What stands in the way of a broken proxy.
const GARBAGE: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/// The endpoint of WeChat's paths.
pub(crate) struct Door {
    world: Shared,
    courier: Courier,
}

impl Door {
    pub(crate) fn new(world: Shared, courier: Courier) -> Self {
        Self { world, courier }
    }

    /// Does what the call does, and sends out what follows from it.
    async fn answer(&self, ask: &Ask) -> Result<Value, Refusal> {
        let (answer, errands) = {
            let mut world = self.world.lock();
            (calls::answer(&mut world, ask), world.outbox.take())
        };
        self.courier.run(errands).await;
        answer
    }

    /// Notes the call, and finds the fault that is meant for it.
    fn receive(&self, ask: &Ask) -> (u64, Option<Fault>) {
        let mut world = self.world.lock();
        let app = ask.mention(&["appid"]).or_else(|| {
            let token = ask.find("access_token")?;
            world.tokens.owner(token, world.clock.now()).ok().map(|app| app.to_string())
        });
        let fault = world.faults.take(ask, app.as_deref());
        let now = world.clock.now();
        (world.journal.open(ask, app, now), fault)
    }

    /// The response, and the errcode that it says.
    async fn respond(&self, ask: &Ask, effect: Effect) -> (Response, Option<i64>) {
        match effect {
            Effect::None => self.speak(ask, self.answer(ask).await),
            Effect::Errcode(number) => self.speak(ask, Err(Refusal::of(number.into()))),
            Effect::Status(status) => (page(status), None),
            Effect::Garbage => (page(200), None),
            Effect::Drop => (broken(), None),
        }
    }

    /// The answer as WeChat sends it: status 200, whatever it says.
    fn speak(&self, ask: &Ask, answer: Result<Value, Refusal>) -> (Response, Option<i64>) {
        let (body, errcode) = match answer {
            Ok(body) => (body, 0),
            Err(refusal) => {
                let request_id = self.world.lock().chance.request_id();
                (refusal.body(&request_id), refusal.code.number())
            }
        };
        let as_text = ask.call == Call::CodeToSession && self.world.lock().login_as_text;
        let content_type = if as_text { "text/plain" } else { JSON };
        (Response::builder().content_type(content_type).body(body.to_string()), Some(errcode))
    }
}

impl Endpoint for Door {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(call) = Call::of_path(request.uri().path()) else {
            return Ok(Response::builder().status(StatusCode::NOT_FOUND).body("no such call"));
        };
        let ask = Ask::read(call, request).await?;
        let (number, fault) = self.receive(&ask);
        if let Some(fault) = &fault {
            tokio::time::sleep(fault.delay()).await;
            if fault.processed {
                // Only the answer is spoilt; its content is nobody's to see.
                let _ = self.answer(&ask).await;
            }
        }
        let effect = fault.as_ref().map_or(Effect::None, Fault::effect);
        let (response, errcode) = self.respond(&ask, effect).await;
        self.world.lock().journal.close(number, Outcome { errcode, fault: fault.is_some() });
        Ok(response)
    }
}

fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    Response::builder().status(status).content_type("text/html").body(GARBAGE)
}

/// A response whose body fails before its first byte: the server closes the connection, and the caller has a head at
/// most. The length is promised, so that the end of the connection can't be taken for the end of the body.
fn broken() -> Response {
    let failure = io::Error::new(io::ErrorKind::ConnectionReset, "dropped on demand");
    let body = Body::from_bytes_stream(stream::iter([Err::<Vec<u8>, _>(failure)]));
    Response::builder().header("content-length", "1024").body(body)
}

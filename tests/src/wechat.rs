//! The phone's half and the tester's half of WeChat, through the simulator's control calls.

use serde_json::{Value, json};

use crate::Answer;

/// The simulator that the server embeds.
#[derive(Clone)]
pub struct WechatSim {
    pub(crate) control: String,
    pub(crate) http: reqwest::Client,
}

/// A simulated person with a phone.
#[derive(Clone)]
pub struct Phone {
    sim: WechatSim,
    /// The simulator's name for the person.
    pub person: String,
    /// The person's id in the mini-program.
    pub openid: String,
}

/// What `wx.login` and `wx.getUserInfo` give.
#[derive(Debug, Clone)]
pub struct Login {
    /// The single-use code.
    pub code: String,
    /// The profile as text.
    pub raw_data: String,
    /// Of `raw_data` and the session key.
    pub signature: String,
    /// The profile, encrypted, in base64.
    pub encrypted_data: String,
    /// Its initial vector, in base64.
    pub iv: String,
}

impl WechatSim {
    /// Makes a person.
    pub async fn phone(&self, nickname: &str) -> Phone {
        let person = self.call("people", json!({ "nickname": nickname })).await;
        Phone { sim: self.clone(), person: text(&person["id"]), openid: text(&person["openid"]) }
    }

    /// Makes the next calls of WeChat's path `path` behave as `how` says.
    pub async fn fault(&self, path: &str, how: Value) {
        let mut fault = json!({ "path": path, "times": 1 });
        for (key, value) in how.as_object().expect("an object") {
            fault[key] = value.clone();
        }
        self.call("faults", fault).await;
    }

    /// Lets its time jump.
    pub async fn advance_clock(&self, seconds: i64) {
        self.call("clock", json!({ "advance_s": seconds })).await;
    }

    /// What was asked of WeChat's path `path`, newest first.
    pub async fn calls(&self, path: &str) -> Vec<Value> {
        let asked = self.http.get(format!("{}/calls", self.control)).query(&[("path", path)]);
        let answer = Answer::of(asked).await.expect(200);
        let calls = answer.get("calls").or_else(|| answer.get("items")).unwrap_or(&answer);
        calls.as_array().expect("a list of calls").clone()
    }

    async fn call(&self, name: &str, body: Value) -> Value {
        let answer = Answer::of(self.http.post(format!("{}/{name}", self.control)).json(&body)).await;
        assert!((200..300).contains(&answer.status), "the simulator refuses: {answer}");
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }
}

impl Phone {
    /// `wx.login` and `wx.getUserInfo` together.
    pub async fn login(&self) -> Login {
        Login::from(self.sim.call("login", json!({ "person": self.person })).await)
    }

    /// As [`login`](Self::login), with more in the call, such as `rotate` or another app.
    pub async fn login_with(&self, more: Value) -> Login {
        let mut body = json!({ "person": self.person });
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        Login::from(self.sim.call("login", body).await)
    }

    /// `wx.getUserInfo` alone: the code is empty. `more` asks the simulator for damage.
    pub async fn user_info(&self, more: Value) -> Login {
        let mut body = json!({ "person": self.person });
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        Login::from(self.sim.call("userinfo", body).await)
    }

    /// WeChat replaces the person's session key.
    pub async fn expire(&self) {
        self.sim.call("expire", json!({ "person": self.person })).await;
    }
}

impl From<Value> for Login {
    fn from(answer: Value) -> Self {
        let field = |name: &str| text(&answer[name]);
        Self {
            code: field("code"),
            raw_data: field("raw_data"),
            signature: field("signature"),
            encrypted_data: field("encrypted_data"),
            iv: field("iv"),
        }
    }
}

impl Login {
    /// The body of `POST /v1/auth/wechat`.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "code": self.code,
            "raw_data": self.raw_data,
            "signature": self.signature,
            "encrypted_data": self.encrypted_data,
            "iv": self.iv,
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

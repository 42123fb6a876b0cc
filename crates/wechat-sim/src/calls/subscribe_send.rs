//! `POST /cgi-bin/message/subscribe/send`.

use serde_json::{Value, json};
use teahouse_wechat::{AppId, Errcode};

use super::text_check::text;
use crate::{
    ask::Ask,
    config::TemplateConfig,
    push::Message,
    refusal::Refusal,
    state::{
        World,
        outbox::{Errand, Push},
        subscriptions::SentMessage,
        words::Suggest,
    },
};

/// Sends one message, which uses up one of the person's grants.
pub(super) fn send(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    let app = world.authorise(ask)?;
    ask.require_method()?;
    let body = ask.require_json()?;
    let openid = text(&body, "touser")?;
    let person = world.people.with_openid(&app, openid);
    person.ok_or(Errcode::InvalidOpenId)?;
    let template = text(&body, "template_id")?;
    let template = world.subscriptions.template(template).ok_or(Errcode::InvalidTemplateId)?.clone();
    if template.banned {
        return Err(Errcode::SubscriptionBanned.into());
    }
    require_page(world, &app, &body)?;
    world.subscriptions.require_grant(&app, openid, &template.template_id)?;
    require_data(world, &template, &body)?;
    world.spend(&app, ask)?;
    let message = message(world, &app, &template, openid, &body);
    let msgid = message.msgid;
    world.outbox.add(Errand::Push(sent_event(&message)));
    world.subscriptions.accept(message);
    Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid }))
}

fn message(world: &World, app: &AppId, template: &TemplateConfig, openid: &str, body: &Value) -> SentMessage {
    let option = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    SentMessage {
        msgid: world.subscriptions.next_msgid(),
        app_id: app.clone(),
        touser: openid.to_owned(),
        template_id: template.template_id.clone(),
        page: option("page"),
        miniprogram_state: option("miniprogram_state").unwrap_or_else(|| "formal".to_owned()),
        lang: option("lang").unwrap_or_else(|| "zh_CN".to_owned()),
        data: body.get("data").cloned().unwrap_or_default(),
    }
}

fn sent_event(message: &SentMessage) -> Push {
    let entry = json!({
        "TemplateId": message.template_id,
        "MsgID": message.msgid.to_string(),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    });
    let mut event = Message::event("subscribe_msg_sent_event", &message.touser);
    event.list = Some(("SubscribeMsgSentEvent", vec![entry]));
    Push { app: message.app_id.clone(), openid: message.touser.clone(), message: event, tamper: None }
}

/// The page is one of the released version's, where these are known.
fn require_page(world: &World, app: &AppId, body: &Value) -> Result<(), Refusal> {
    let Some(page) = body.get("page").and_then(Value::as_str) else { return Ok(()) };
    let path = page.split('?').next().unwrap_or_default();
    let known = world.apps.find(app.as_str()).map(|app| app.pages.as_slice()).unwrap_or_default();
    let is_released = known.is_empty() || known.iter().any(|known| known == path);
    if is_released { Ok(()) } else { Err(Errcode::PageNotReleased.into()) }
}

/// Each field of the template has a value of its kind, and none is sensitive.
fn require_data(world: &World, template: &TemplateConfig, body: &Value) -> Result<(), Refusal> {
    let data = body.get("data").and_then(Value::as_object).ok_or(Errcode::MalformedData)?;
    for field in &template.fields {
        let value = data.get(field).and_then(|field| field.get("value")).and_then(Value::as_str);
        if !value.is_some_and(|value| fits(field, value)) {
            let text = format!("argument invalid! data.{field}.value invalid");
            return Err(Refusal::because(Errcode::TemplateDataMismatch, text));
        }
        if value.is_some_and(|value| world.words.judge(value).suggest == Suggest::Risky) {
            return Err(Errcode::SensitiveWord.into());
        }
    }
    Ok(())
}

/// What a value may be follows from the letters that its field's name begins with.
fn fits(field: &str, value: &str) -> bool {
    let kind = field.trim_end_matches(|last: char| last.is_ascii_digit());
    let length = value.chars().count();
    let up_to = |most: usize| (1..=most).contains(&length);
    let all = |test: fn(char) -> bool| value.chars().all(test);
    match kind {
        "thing" => up_to(20) && !value.contains('\n'),
        "number" => up_to(32) && all(|one| one.is_ascii_digit() || one == '.'),
        "letter" => up_to(32) && all(|one| one.is_ascii_alphabetic()),
        "symbol" => up_to(5) && all(|one| !one.is_alphanumeric()),
        "character_string" => up_to(32) && value.is_ascii(),
        "phrase" => up_to(5) && all(is_cjk),
        "name" => up_to(10) || (up_to(20) && value.is_ascii()),
        "phone_number" => up_to(17) && all(|one| one.is_ascii_digit() || "+-() ".contains(one)),
        "car_number" => up_to(8),
        "amount" => is_amount(value),
        "time" => is_time(value),
        "date" => is_date(value.split(' ').next().unwrap_or_default()),
        _ => up_to(20),
    }
}

fn is_cjk(one: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&one)
}

/// A currency sign, if any, and at most ten digits.
fn is_amount(value: &str) -> bool {
    let number = value.trim_start_matches(['¥', '￥', '$', '€', '£']).trim_end_matches('元');
    let digits = number.chars().filter(char::is_ascii_digit).count();
    value.chars().count() - number.chars().count() <= 1
        && (1..=10).contains(&digits)
        && number.chars().all(|one| one.is_ascii_digit() || one == '.')
}

/// `15:01`, with a date before it or not.
fn is_time(value: &str) -> bool {
    match value.rsplit_once(' ') {
        Some((date, time)) => is_date(date) && is_clock(time),
        None => is_clock(value),
    }
}

fn is_clock(value: &str) -> bool {
    let parts: Vec<Option<u8>> = value.split(':').map(|part| part.parse().ok()).collect();
    matches!(parts.as_slice(), [Some(0..=23), Some(0..=59)] | [Some(0..=23), Some(0..=59), Some(0..=59)])
}

/// `2019-10-01` or `2019年10月1日`.
fn is_date(value: &str) -> bool {
    let parts: Vec<Option<u32>> =
        value.trim_end_matches('日').split(['-', '/', '年', '月']).map(|part| part.parse().ok()).collect();
    matches!(parts.as_slice(), [Some(1000..=9999), Some(1..=12), Some(1..=31)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &str, value: &str, expected: bool) {
        assert_eq!(fits(field, value), expected, "{field} {value}");
    }

    #[test]
    fn a_value_fits_its_field_up_to_the_limit_and_not_one_further() {
        check("thing1", &"茶".repeat(20), true);
        check("thing1", &"茶".repeat(21), false);
        check("thing1", "", false);
        check("thing1", "two\nlines", false);
        check("number2", &"9".repeat(32), true);
        check("number2", &"9".repeat(33), false);
        check("number2", "nine", false);
        check("letter3", "abc", true);
        check("letter3", "abc1", false);
        check("symbol4", "+++++", true);
        check("symbol4", "++++++", false);
        check("character_string5", "A-1/b", true);
        check("character_string5", "茶", false);
        check("phrase6", "已完成", true);
        check("phrase6", "done", false);
        check("phrase6", "已经全部完成", false);
        check("name7", "王小明", true);
        check("name7", &"王".repeat(11), false);
        check("name7", &"a".repeat(20), true);
        check("name7", &"a".repeat(21), false);
        check("phone_number8", "+86-0766-66888866", true);
        check("phone_number8", "+86-0766-668888660", false);
        check("car_number9", "粤A8Z888挂", true);
        check("amount10", "¥100.00", true);
        check("amount10", "10000000000", false);
        check("time11", "15:01", true);
        check("time11", "2019年10月1日 15:01", true);
        check("time11", "25:01", false);
        check("date12", "2019-10-01", true);
        check("date12", "2019-13-01", false);
    }
}

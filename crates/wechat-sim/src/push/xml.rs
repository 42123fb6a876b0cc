//! A message as XML: the same names as in JSON, texts as CDATA.

use std::fmt::Write;

use serde_json::Value;

use super::Message;

/// The message below `<xml>`.
pub(super) fn document(message: &Message, extra: Option<(&str, &str)>) -> String {
    let mut out = String::from("<xml>");
    for (name, value) in &message.fields {
        element(&mut out, name, value);
    }
    if let Some((wrapper, list)) = &message.list {
        element(&mut out, wrapper, &serde_json::json!({ "List": list }));
    }
    if let Some((name, value)) = extra {
        element(&mut out, name, &value.into());
    }
    out.push_str("</xml>");
    out
}

/// One element; an array is the element repeated.
fn element(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(out, name, item)),
        value => {
            out.push_str(&format!("<{name}>"));
            content(out, value);
            out.push_str(&format!("</{name}>"));
        }
    }
}

fn content(out: &mut String, value: &Value) {
    match value {
        // A text that ends the section early is split into two.
        Value::String(text) => {
            let text = text.replace("]]>", "]]]]><![CDATA[>");
            out.push_str(&format!("<![CDATA[{text}]]>"));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(out, name, value)),
        Value::Null | Value::Array(_) => {}
        // Writing to a string does not fail.
        number => drop(write!(out, "{number}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_cdata_lists_are_wrapped_and_details_repeated() {
        let mut message = Message::event("subscribe_msg_popup_event", "o1")
            .with("CreateTime", 7)
            .with("detail", json!([{ "suggest": "pass" }, { "label": 100 }]));
        message.list = Some(("SubscribeMsgPopupEvent", vec![json!({ "TemplateId": "t]]>" })]));
        assert_eq!(
            document(&message, Some(("Encrypt", "e"))),
            "<xml><CreateTime>7</CreateTime><Event><![CDATA[subscribe_msg_popup_event]]></Event>\
             <FromUserName><![CDATA[o1]]></FromUserName><MsgType><![CDATA[event]]></MsgType>\
             <detail><suggest><![CDATA[pass]]></suggest></detail><detail><label>100</label></detail>\
             <SubscribeMsgPopupEvent><List><TemplateId><![CDATA[t]]]]><![CDATA[>]]></TemplateId></List>\
             </SubscribeMsgPopupEvent><Encrypt><![CDATA[e]]></Encrypt></xml>"
        );
    }
}

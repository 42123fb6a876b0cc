//! The interface as Rust types, written by wasmtime's macro from the same file that plugin authors build against.

pub use bindings::exports::teahouse::plugin::setup::Problem;
pub use bindings::teahouse::plugin::directory::Page as MemberPage;
pub use bindings::teahouse::plugin::http::{Request as HttpRequest, Response as HttpResponse};
pub use bindings::teahouse::plugin::kv::Page as KeyPage;
pub use bindings::teahouse::plugin::log::Level;
pub use bindings::teahouse::plugin::types::*;

pub(crate) use bindings::exports::teahouse::plugin as exports;
pub(crate) use bindings::teahouse::plugin as imports;

#[expect(missing_docs, reason = "written by the macro; the interface's own text is its documentation")]
#[allow(unused_qualifications, reason = "written by the macro")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../plugin-sdk/wit",
        inline: "
            package teahouse:host@1.0.0;
            // All that any plugin may import or export. No component is bound to this world: each interface of it
            // is looked for by itself.
            world everything {
                include teahouse:plugin/full-plugin@1.0.0;
                export teahouse:plugin/gate@1.0.0;
            }
        ",
        world: "teahouse:host/everything",
        imports: {
            // These never wait.
            "teahouse:plugin/log": trappable,
            "teahouse:plugin/env": trappable,
            default: async | trappable,
        },
        exports: { default: async },
        // Bots' events are kept in the database as JSON.
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}

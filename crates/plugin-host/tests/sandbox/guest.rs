//! Makes components of a few lines of text: a core module with the interface's own ABI, wrapped for a world.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use teahouse_plugin_host::{Compile, Compiled, Host, HostConfig};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where replies are written: zeros there say "ok, and nothing to object to".
pub(crate) const REPLY: u32 = 1024;

/// A guest under construction. Each body is WAT that leaves the stack empty; the reply at [`REPLY`] follows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guest {
    /// `(import …)` fields of the core module.
    pub(crate) imports: String,
    /// Functions, data, globals, tables.
    pub(crate) items: String,
    /// What `init` does.
    pub(crate) init: String,
    /// What `check` does.
    pub(crate) check: String,
    /// What `handle` does; with it the guest is a full plugin.
    pub(crate) handle: Option<String>,
    /// Pages of memory at the start.
    pub(crate) pages: u32,
}

/// A guest whose `check` is `body`.
pub(crate) fn checks(body: &str) -> Guest {
    Guest { check: body.to_owned(), pages: 2, ..Guest::default() }
}

/// Writes a byte into the reply.
pub(crate) fn reply_byte(offset: u32, byte: u8) -> String {
    format!("(i32.store8 (i32.const {}) (i32.const {byte}))\n", REPLY + offset)
}

/// Writes a word into the reply.
pub(crate) fn reply_word(offset: u32, word: u32) -> String {
    format!("(i32.store (i32.const {}) (i32.const {word}))\n", REPLY + offset)
}

/// A rejection: its code is empty, its reason is `length` bytes at `address`.
pub(crate) fn rejects(address: u32, length: u32) -> String {
    // result: ok; verdict: reject; code and reason are (address, length) each.
    [reply_byte(4, 1), reply_word(8, 0), reply_word(12, 0), reply_word(16, address), reply_word(20, length)]
        .concat()
}

/// An error text of `length` bytes at `address`.
pub(crate) fn fails(address: u32, length: u32) -> String {
    [reply_byte(0, 1), reply_word(4, address), reply_word(8, length)].concat()
}

impl Guest {
    pub(crate) fn importing(mut self, interface: &str, function: &str, signature: &str) -> Self {
        self.imports.push_str(&format!(
            "(import \"teahouse:plugin/{interface}@1.0.0\" \"{function}\" (func ${function} {signature}))\n"
        ));
        self
    }

    /// `log.write`, as `$write`.
    pub(crate) fn logging(self) -> Self {
        self.importing("log", "write", "(param i32 i32 i32 i32 i32)")
    }

    pub(crate) fn with(mut self, items: &str) -> Self {
        self.items.push_str(items);
        self
    }

    /// `text` at `address`.
    pub(crate) fn data(self, address: u32, text: &str) -> Self {
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        self.with(&format!("(data (i32.const {address}) \"{bytes}\")\n"))
    }

    pub(crate) fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    pub(crate) fn init(mut self, body: &str) -> Self {
        self.init = body.to_owned();
        self
    }

    pub(crate) fn handles(mut self, body: &str) -> Self {
        self.handle = Some(body.to_owned());
        self
    }

    /// The component's bytes.
    pub(crate) fn component(&self) -> Vec<u8> {
        let world = if self.handle.is_some() { "full-plugin" } else { "filter-plugin" };
        let mut resolve = Resolve::default();
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/wit");
        let (package, _) = resolve.push_path(wit).expect("the interface");
        let world = resolve.select_world(&[package], Some(world)).expect("the world");
        component_of(&self.wat(), &resolve, world)
    }

    fn wat(&self) -> String {
        let Self { imports, items, init, check, handle, pages } = self;
        let handle = handle.as_ref().map_or(String::new(), |body| {
            format!(
                "(func (export \"teahouse:plugin/bot@1.0.0#handle\") (param i32) (result i32) \
                 (global.set $next (i32.const 4096)) {body} (i32.const {REPLY}))"
            )
        });
        // Arguments are written from 4096 on, each call anew.
        format!(
            "(module
                {imports}
                (memory (export \"memory\") {pages})
                (global $next (mut i32) (i32.const 4096))
                {items}
                (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
                    (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                    (global.get $next)
                    (global.set $next (i32.add (global.get $next) (local.get 3))))
                (func (export \"teahouse:plugin/setup@1.0.0#init\") (param i32 i32) (result i32)
                    (global.set $next (i32.const 4096)) {init} (i32.const {REPLY}))
                (func $check (export \"teahouse:plugin/filter@1.0.0#check\") (param i32) (result i32)
                    (global.set $next (i32.const 4096)) {check} (i32.const {REPLY}))
                (func (export \"teahouse:plugin/filter@1.0.0#check-edit\") (param i32) (result i32)
                    (global.set $next (i32.const 4096)) (i32.const {REPLY}))
                {handle})"
        )
    }

    pub(crate) async fn compile(&self) -> Compiled {
        host().compile(self.component().into(), &Compile::InProcess).await.expect("compiled")
    }
}

/// A component of a core module for a world of `wit`, which stands for the interface in another shape.
pub(crate) fn component_for(wat: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("other.wit", wit).expect("the other interface");
    let world = resolve.select_world(&[package], Some(world)).expect("the world");
    component_of(wat, &resolve, world)
}

fn component_of(wat: &str, resolve: &Resolve, world: wit_parser::WorldId) -> Vec<u8> {
    let mut module = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false).expect("metadata");
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true).module(&module).expect("a module");
    encoder.encode().unwrap_or_else(|error| panic!("{error:#}\n{wat}"))
}

/// The one host of a test process, with few slots.
pub(crate) fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| Host::new(&HostConfig { slots: 50, ..HostConfig::default() }).expect("a host"))
}

/// Shares bytes as the host wants them.
pub(crate) fn shared(bytes: &[u8]) -> Arc<[u8]> {
    bytes.into()
}

//! What wit-bindgen makes of `wit/`. One module per world; the three plugin worlds share the types of `host`,
//! and a world's exports reach a component only through its own `export!`.

/// What every plugin imports.
pub mod host {
    wit_bindgen::generate!({
        path: "../wit",
        world: "host",
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

/// Exports of a workflow.
pub mod workflow {
    wit_bindgen::generate!({
        path: "../wit",
        world: "workflow",
        pub_export_macro: true,
        disable_custom_section_link_helpers: true,
        export_macro_name: "export_workflow",
        default_bindings_module: "baton_sdk::bindings::workflow",
        with: {
            "baton:plugin/types@0.1.0": super::host::baton::plugin::types,
            "baton:plugin/run@0.1.0": super::host::baton::plugin::run,
            "baton:plugin/llm@0.1.0": super::host::baton::plugin::llm,
            "baton:plugin/files@0.1.0": super::host::baton::plugin::files,
            "baton:plugin/state@0.1.0": super::host::baton::plugin::state,
            "baton:plugin/agents@0.1.0": super::host::baton::plugin::agents,
            "baton:plugin/workflows@0.1.0": super::host::baton::plugin::workflows,
            "baton:plugin/people@0.1.0": super::host::baton::plugin::people,
            "baton:plugin/assets@0.1.0": super::host::baton::plugin::assets,
            "baton:plugin/settings@0.1.0": super::host::baton::plugin::settings,
            "baton:plugin/tools@0.1.0": super::host::baton::plugin::tools,
            "baton:plugin/knowledge@0.1.0": super::host::baton::plugin::knowledge,
            "baton:plugin/git@0.1.0": super::host::baton::plugin::git,
            "baton:plugin/sandbox@0.1.0": super::host::baton::plugin::sandbox,
            "baton:plugin/backlog@0.1.0": super::host::baton::plugin::backlog,
            "baton:plugin/forge@0.1.0": super::host::baton::plugin::forge,
        },
    });
}

/// Exports of an agent.
pub mod agent {
    wit_bindgen::generate!({
        path: "../wit",
        world: "agent",
        pub_export_macro: true,
        disable_custom_section_link_helpers: true,
        export_macro_name: "export_agent",
        default_bindings_module: "baton_sdk::bindings::agent",
        with: {
            "baton:plugin/types@0.1.0": super::host::baton::plugin::types,
            "baton:plugin/run@0.1.0": super::host::baton::plugin::run,
            "baton:plugin/llm@0.1.0": super::host::baton::plugin::llm,
            "baton:plugin/files@0.1.0": super::host::baton::plugin::files,
            "baton:plugin/state@0.1.0": super::host::baton::plugin::state,
            "baton:plugin/agents@0.1.0": super::host::baton::plugin::agents,
            "baton:plugin/workflows@0.1.0": super::host::baton::plugin::workflows,
            "baton:plugin/people@0.1.0": super::host::baton::plugin::people,
            "baton:plugin/assets@0.1.0": super::host::baton::plugin::assets,
            "baton:plugin/settings@0.1.0": super::host::baton::plugin::settings,
            "baton:plugin/tools@0.1.0": super::host::baton::plugin::tools,
            "baton:plugin/knowledge@0.1.0": super::host::baton::plugin::knowledge,
            "baton:plugin/git@0.1.0": super::host::baton::plugin::git,
            "baton:plugin/sandbox@0.1.0": super::host::baton::plugin::sandbox,
            "baton:plugin/backlog@0.1.0": super::host::baton::plugin::backlog,
            "baton:plugin/forge@0.1.0": super::host::baton::plugin::forge,
        },
    });
}

/// Exports of a toolbox.
pub mod toolbox {
    wit_bindgen::generate!({
        path: "../wit",
        world: "toolbox",
        pub_export_macro: true,
        disable_custom_section_link_helpers: true,
        export_macro_name: "export_toolbox",
        default_bindings_module: "baton_sdk::bindings::toolbox",
        generate_unused_types: true,
        additional_derives: [PartialEq],
        with: {
            "baton:plugin/types@0.1.0": super::host::baton::plugin::types,
            "baton:plugin/run@0.1.0": super::host::baton::plugin::run,
            "baton:plugin/llm@0.1.0": super::host::baton::plugin::llm,
            "baton:plugin/files@0.1.0": super::host::baton::plugin::files,
            "baton:plugin/state@0.1.0": super::host::baton::plugin::state,
            "baton:plugin/agents@0.1.0": super::host::baton::plugin::agents,
            "baton:plugin/workflows@0.1.0": super::host::baton::plugin::workflows,
            "baton:plugin/people@0.1.0": super::host::baton::plugin::people,
            "baton:plugin/assets@0.1.0": super::host::baton::plugin::assets,
            "baton:plugin/settings@0.1.0": super::host::baton::plugin::settings,
            "baton:plugin/tools@0.1.0": super::host::baton::plugin::tools,
            "baton:plugin/knowledge@0.1.0": super::host::baton::plugin::knowledge,
            "baton:plugin/git@0.1.0": super::host::baton::plugin::git,
            "baton:plugin/sandbox@0.1.0": super::host::baton::plugin::sandbox,
            "baton:plugin/backlog@0.1.0": super::host::baton::plugin::backlog,
            "baton:plugin/forge@0.1.0": super::host::baton::plugin::forge,
        },
    });
}

"""The manifest of a plan."""

from __future__ import annotations

import microtvm_boards
from microtvm_boards.project.manifest import (
    FORMAT,
    LibraryIdentity,
    Manifest,
    ProjectModel,
    ToolVersion,
)
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.types import ModulePlan


def manifest_of(plan: Plan) -> Manifest:
    """What project.json says of the project."""
    model = plan.model
    samples = plan.attachments.samples
    return Manifest(
        format=FORMAT,
        tool=ToolVersion("microtvm-boards", microtvm_boards.__version__),
        model_library_format=LibraryIdentity(model.sha256, model.version, model.tvm_version),
        board=plan.board.name,
        platform=plan.platform,
        entrypoint=plan.entrypoint,
        trial=plan.trial,
        app=plan.options.app,
        options=plan.options,
        models=tuple(_model(plan, module) for module in plan.modules),
        alignment=plan.alignment,
        arena_bytes=plan.arena_bytes,
        stack_bytes=plan.stack.size_bytes,
        stack_least_bytes=plan.stack.least_bytes,
        sample_count=samples.count if samples else 0,
        rpc=plan.rpc,
        memory=plan.needs,
        warnings=plan.warnings,
        files={file.path: file.reason for file in plan.files},
    )


def _model(plan: Plan, planned: ModulePlan) -> ProjectModel:
    module = planned.module
    library = plan.libraries[planned.library]
    return ProjectModel(
        name=module.name,
        c_name=planned.c_name,
        executor=module.executor,
        interface=module.entry.interface if module.entry else None,
        entry=module.entry.symbol if module.entry else None,
        targets=module.targets,
        library=library.tar,
        library_sha256=library.model.sha256,
        workspace_bytes=module.workspace_bytes,
        inputs=tuple(t.tensor for t in planned.inputs),
        outputs=tuple(t.tensor for t in planned.outputs),
        notes=module.notes,
        renames=dict(planned.renames),
    )

"""The software bill of materials of an image, in CycloneDX: a function of the image alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from gradlock.images import contents
from gradlock.images.contents import Package
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe

#: What names are made in: gradlock's images, by their IDs.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:gradlock:images")


def write(recipe: Recipe, image: Image) -> str:
    """Return the bill of an image: every locked package, with its hash, licences and URL.

    Raises:
        OSError: a layer cannot be read.

    """
    found = contents.read(image)
    bom = Bom(serial_number=uuid.uuid5(NAMESPACE, image.id))
    bom.metadata.timestamp = recipe.created
    bom.metadata.component = Component(
        type=ComponentType.CONTAINER,
        name=f"gradlock/{image.variant}",
        version=image.id,
        bom_ref=image.id,
        properties=[
            Property(name="gradlock:channel", value=recipe.channel),
            Property(name="gradlock:locks", value=f"sha256:{recipe.locks.digest}"),
            Property(name="gradlock:files-of-no-package", value=str(len(found.unowned))),
        ],
    )
    bom.components.update(_components(recipe, found))
    bom.register_dependency(bom.metadata.component, bom.components)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string()
    return json.dumps(_plain(json.loads(text)), indent=2, sort_keys=True) + "\n"


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """Return a bill without the library's own release in it, which is no part of an image."""
    told.get("metadata", {}).pop("tools", None)
    return told


def _components(recipe: Recipe, found: contents.Contents) -> Iterable[Component]:
    for deb in recipe.locks.debs:
        qualifiers = {"arch": deb.arch, "distro": recipe.suite}
        url = PackageURL("deb", "debian", deb.name, deb.version, qualifiers)
        yield _component(url, deb.sha256, found.debs.get(deb.name))
    for wheel in recipe.locks.wheels:
        url = PackageURL("pypi", None, canonicalize_name(wheel.name), wheel.version)
        yield _component(url, wheel.sha256, found.wheels.get(canonicalize_name(wheel.name)))
    for conda in recipe.condas:
        url = PackageURL("conda", None, conda.name, conda.version, {"channel": recipe.channel})
        yield _component(url, conda.sha256, None)


def _component(url: PackageURL, sha256: str, package: Package | None) -> Component:
    """Return one package: the hash is that of its file, which the lock names."""
    licences: list[DisjunctiveLicense | LicenseExpression] = []
    if package and package.expression:
        licences = [LicenseExpression(package.expression)]
    elif package:
        licences = [DisjunctiveLicense(name=name) for name in sorted(package.licences)]
    return Component(
        type=ComponentType.LIBRARY,
        name=url.name,
        version=url.version,
        purl=url,
        bom_ref=url.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
        licenses=licences,
    )

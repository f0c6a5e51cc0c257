"""A room about the object for one picture: floor, walls, lamps, things beside and behind, and the object's mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asset
import bpy
import numpy as np
import studio
import surfaces
from asset import Made
from mathutils import Matrix

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

MASK_SAMPLES = 8
# Made in a moment and at home anywhere; (module, factory) in infinigen.assets.objects.
FURNISHINGS = (
    ("tableware.bottle", "BottleFactory"),
    ("tableware.can", "CanFactory"),
    ("tableware.food_box", "FoodBoxFactory"),
    ("tableware.bowl", "BowlFactory"),
    ("table_decorations.book", "BookStackFactory"),
    ("shelves.simple_desk", "SidetableDeskFactory"),
    ("shelves.simple_bookcase", "SimpleBookcaseFactory"),
    ("tables.cocktail_table", "TableCocktailFactory"),
    ("appliances.tv", "MonitorFactory"),
    ("small_plants.snake_plant", "SnakePlantFactory"),
)


def picture(
    made: Made,
    camera: dict[str, float],
    request: dict[str, Any],
    light: Float[np.ndarray, "rows columns 3"],
    index: int,
) -> Float32[np.ndarray, "size size 4"]:
    """The scene's camera's picture with a room, RGB of everything and the object's visible coverage as alpha."""
    scene, cycles = bpy.context.scene, bpy.context.scene.cycles
    rng = np.random.default_rng([request["seed"], index])
    own = set(scene.objects)
    studio.light_from_all_round(made, light * rng.uniform(0.25, 1.0))
    furnish(made, camera, rng)
    scene.render.film_transparent = False
    picture: np.ndarray = studio.render().copy()
    for item in scene.objects:
        item.is_holdout = item not in own
    scene.render.film_transparent = True
    kept = cycles.samples, cycles.max_bounces, cycles.use_denoising
    cycles.samples, cycles.max_bounces, cycles.use_denoising = MASK_SAMPLES, 0, False
    picture[:, :, 3] = studio.render()[:, :, 3]
    cycles.samples, cycles.max_bounces, cycles.use_denoising = kept
    for item in [item for item in scene.objects if item not in own]:
        bpy.data.objects.remove(item)
    return picture


def furnish(made: Made, camera: dict[str, float], rng: np.random.Generator) -> None:
    """Floor, one or two walls, lamps and things, none of them between the camera and the object."""
    half = np.abs(made.vertices).max(axis=0)
    floor, reach = -half[1], float(np.hypot(half[0], half[2]))
    slab(made, np.array([0.0, 1.0, 0.0]), np.array([0.0, floor, 0.0]), surfaces.floor(rng))
    azimuth = np.radians(camera["azimuth_deg"])
    turned = azimuth + np.radians(rng.uniform(-30, 30))
    if rng.random() < 0.6:  # furniture stands along its walls
        turned = np.round(azimuth / (np.pi / 2)) * np.pi / 2
    eye = camera["distance"] * np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
    wall, room_for = surfaces.wall(rng), []
    depth = reach + rng.uniform(0.03, 1.2)
    for turn, away in ((0.0, depth), (rng.choice([-1, 1]) * np.pi / 2, reach + rng.uniform(0.2, 1.5))):
        inwards = np.array([np.sin(turned + turn), 0.0, np.cos(turned + turn)])
        if turn and (rng.random() < 0.5 or eye @ inwards < 0.2 - away):
            continue
        slab(made, inwards, -away * inwards, wall)
        room_for.append((inwards, away))
    hang(made, room_for[0], floor, rng)
    lamps(made, azimuth, rng)
    for _ in range(rng.integers(1, 5)):
        put_beside(made, azimuth, floor, reach, room_for, rng)


def slab(
    made: Made,
    normal: Float[np.ndarray, " 3"],
    point: Float[np.ndarray, " 3"],
    material: Any,
    sides: tuple[float, float] = (40, 40),
) -> Any:
    """A rectangle at `point` that faces along `normal`, canonical."""
    across = np.cross([0.0, 1.0, 0.0], normal) if abs(normal[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    data = bpy.data.meshes.new("slab")
    a, b = sides[0] / 2 * made.side, sides[1] / 2 * made.side
    data.from_pydata([(-a, -b, 0), (a, -b, 0), (a, b, 0), (-a, b, 0)], [], [(0, 1, 2, 3)])
    data.materials.append(material)
    item = studio.place(data, made, np.stack([across, np.cross(normal, across), normal]), point)
    surfaces.coordinates(item, made.side)
    return item


def hang(made: Made, wall: tuple[Float[np.ndarray, " 3"], float], floor: float, rng: np.random.Generator) -> None:
    """Up to two pictures or windows on a wall."""
    inwards, away = wall
    along = np.cross([0.0, 1.0, 0.0], inwards)
    for _ in range(rng.integers(0, 3)):
        point = -(away - 0.01) * inwards + rng.uniform(-1.5, 1.5) * along
        point[1] = floor + rng.uniform(0.6, 1.8)
        width, height = rng.uniform(0.2, 0.9, 2)
        slab(made, inwards, point, surfaces.paint(rng), (width + 0.04, height + 0.04))
        slab(made, inwards, point + 0.004 * inwards, surfaces.pattern(rng), (width, height))


def lamps(made: Made, azimuth: float, rng: np.random.Generator) -> None:
    """A key light from the camera's half, hard as the sun or soft as a window, and a weaker one from anywhere."""
    for strength, spread in ((rng.uniform(1.0, 4.0), 75), (rng.uniform(0.0, 1.0), 180)):
        data = bpy.data.lights.new("lamp", "SUN")
        data.energy, data.angle = strength, float(np.radians(rng.choice([1.0, 12.0, 45.0])))
        warmth = rng.uniform(0, 1)
        data.color = tuple(np.array([1.0, 0.82, 0.6]) * warmth + np.array([0.85, 0.93, 1.0]) * (1 - warmth))
        turn, height = azimuth + np.radians(rng.uniform(-spread, spread)), np.radians(rng.uniform(30, 75))
        towards = np.array([np.cos(height) * np.sin(turn), np.sin(height), np.cos(height) * np.cos(turn)])
        across = np.cross([0.0, 1.0, 0.0], towards) / np.cos(height)
        studio.place(data, made, np.stack([across, np.cross(towards, across), towards]), towards * 3)


def put_beside(
    made: Made,
    azimuth: float,
    floor: float,
    reach: float,
    walls: list[tuple[Float[np.ndarray, " 3"], float]],
    rng: np.random.Generator,
) -> None:
    """One thing on the floor beside or behind the object; none where the walls leave no room."""
    side = rng.uniform(0.25, 0.9)
    turn = azimuth + np.radians(rng.choice([-1, 1]) * rng.uniform(70, 180))
    direction = np.array([np.sin(turn), 0.0, np.cos(turn)])
    point = direction * (reach + side * 0.6 + rng.uniform(0.02, 0.7))
    yaw = rng.uniform(-np.pi, np.pi)
    real, which = rng.random() < 0.6, rng.integers(len(FURNISHINGS))
    seed = int(rng.integers(1_000_000))
    if any(point @ inwards < side * 0.6 - away for inwards, away in walls):
        return
    items = asset.spawn(*FURNISHINGS[which], seed) if real else [surfaces.block(rng)]
    stand(made, items, point + np.array([0.0, floor, 0.0]), side, yaw)


def stand(made: Made, items: list[Any], point: Float[np.ndarray, " 3"], side: float, yaw: float) -> None:
    """Scale new objects to a longest side of `side` and stand them on `point`, canonical, turned about the vertical."""
    bpy.context.view_layer.update()
    roots = [item for item in items if item.parent is None]
    corners = [
        np.array(item.matrix_world) @ np.append(corner, 1.0)
        for item in items
        if item.type == "MESH"
        for corner in np.array(item.bound_box)
    ]
    if not corners:
        return
    low, high = np.min(corners, axis=0)[:3], np.max(corners, axis=0)[:3]
    scale = side / float((high - low).max())
    about = np.array([[np.cos(yaw), 0.0, np.sin(yaw)], [0.0, 1.0, 0.0], [-np.sin(yaw), 0.0, np.cos(yaw)]])
    linear = scale * made.side * made.turn.T @ about @ asset.turn_to_canonical("+x", "+z")
    foot = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, made.to_blender(point[None])[0] - linear @ foot
    for item in roots:
        item.matrix_world = Matrix((matrix @ np.array(item.matrix_world)).tolist())

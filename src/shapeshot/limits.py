"""Every budget of the package in one place: bytes, pixels, counts and seconds.

docs/limits.md says of each why it is where it is and what a user meets beyond it. Sizes are in bytes unless the name
says otherwise.
"""

from __future__ import annotations

MIB = 2**20

# One photo.
PHOTO_BYTES = 256 * MIB
PHOTO_PIXELS = 120_000_000  # a 108-megapixel phone passes
PHOTO_MIN_SIDE = 16  # pixels; below this there is no shape to see

# Decoding images: photos, masks, textures and the views in shards alike.
DECODE_BYTES = 512 * MIB  # that all decodes under way in a process may take together, and so any one of them
JPEG_SEGMENTS = 10_000  # headers, tables and scans of a file
JPEG_SCANS = 100  # progressive encoders write 10 to 16
JPEG_SCAN_PIXELS = 1_500_000_000  # scans times pixels: each scan is another walk over all coefficients
PNG_CHUNKS = 100_000  # encoders cut the data into pieces of 8 KB or more
WEBP_CHUNKS = 10_000
GIF_BLOCKS = 1_000_000  # of 255 bytes each where an encoder wrote them
TIFF_TAGS = 512
TIFF_TAG_BYTES = 16 * MIB  # what all tags of a picture hold together
TIFF_STRIPS = 200_000
BMP_PACKED_BYTES = 4 * MIB  # of a run-length-encoded BMP, whose decoder is the only one written in Python
HEADER_BYTES = 4 * MIB  # how far into a file of boxes (AVIF, HEIC) its header may reach

# One object of a data set, or one mesh file: what reading it may take.
OBJECT_FILE_BYTES = 512 * MIB  # of any one file
OBJECT_TOTAL_BYTES = 2048 * MIB  # of all files that it names, each as often as it is read
OBJECT_NODES = 200_000  # of a scene, and instances of its meshes
OBJECT_VERTICES = 30_000_000  # with the corners of faces counted apart
OBJECT_CORNERS = 60_000_000
OBJECT_PARTS = 20_000  # pieces with a material of their own
OBJECT_LIBRARIES = 100  # MTL files that one OBJ names
OBJECT_MATERIALS = 100_000  # that those define; only the used ones are made
OBJECT_TEXTURES = 1_000  # image files
OBJECT_TEXTURE_PIXELS = 1_000_000_000  # of all its images together, before they are scaled down
TEXTURE_PIXELS = 64 * 2**20  # of one image; the largest real ones are 8192 x 4096
POLYGON_STEPS = 1_000_000_000  # corners squared of its concave polygons: 31,600 corners in one take about 4 s
OBJECT_SECONDS = 60.0  # from opening the file to its parts in memory

# Training.
LOADER_SECONDS = 300.0  # without a batch from the loader's processes: something is stuck

# Archives, catalogues and shards.
ARCHIVE_MEMBER_BYTES = 256 * MIB  # of a member, unpacked
ARCHIVE_RATIO = 200  # of a member: OBJ text compresses about 10 times, a bomb about 1000 times
ARCHIVE_FREE_BYTES = 8 * MIB  # below that a member may compress as it likes
SHARD_MEMBER_BYTES = 256 * MIB  # of one array or picture in a shard, unpacked
VIEW_SIDE = 4096  # pixels of a view in a shard

# What a command or a request may ask for. (The options of a reconstruction have their bounds in pipeline/options.py.)
WORKERS = 256  # processes or threads: more than any one machine here is good for
COUNT = 10**9  # of anything else that is counted: more is a slip of the hand
SERVER_QUEUE = 10_000  # requests under way
SERVER_TIMEOUT = 86_400  # seconds: a day; the clocks of an event loop overflow at far larger ones
SERVER_TTL = 31_536_000  # seconds: a year
METRES = (1e-6, 1e6)  # of a known dimension: beyond, coordinates in float32 or millimetres overflow or vanish
LIBRARY_NOTE_BYTES = MIB  # result.json of a piece in a furniture library

# The server, all requests together.
SERVER_BYTES = 576 * MIB  # that decodes and fine reconstructions under way may take together, beside what is idle
SERVER_LIGHT_BYTES = 112 * MIB  # of a first try at a photo; enough for a JPEG of any size and a PNG of 12 megapixels
SERVER_HEAVY_BYTES = 384 * MIB  # of the second try, of which one runs at a time
SERVER_LIGHT_SECONDS = 1.0  # of the first try; a photo of 12 megapixels takes a tenth of one
SERVER_DECODE_SECONDS = 5.0  # of the second try; then the process that reads the photo and its mask is ended
SERVER_HEAVY_JOB_BYTES = 448 * MIB  # of a reconstruction finer than 64 cells, which shares the decodes' budget
SERVER_LIGHT_RESULT_BYTES = 4 * MIB  # of a kept result; of a larger one, files are made one at a time
SERVER_FINISH_COST = 55_000_000  # faces times rounds of smoothing, or what costs as much: some 5 s
SERVER_UPLOAD_SECONDS = 30.0  # a slow sender holds a place in the queue
SERVER_HEAD_SECONDS = 10.0  # from a connection's start, or the end of an answer, to the end of the next request's head
SERVER_SMALL_CHUNKS = 1000  # pieces of a body, beyond one for every so many bytes of it:
SERVER_CHUNK_BYTES = 256
SERVER_WRITE_SECONDS = 30.0  # that a reader may take for the next piece of an answer
SERVER_CONNECTIONS = 512  # open at once; fewer where the process may not open as many files
SERVER_DRAIN_SECONDS = 11.0  # for accepted work after SIGTERM
SERVER_END_SECONDS = 13.5  # after SIGTERM, whatever is still under way
SERVER_STUCK_SECONDS = 15.0  # that a worker may be past its job's deadline before it counts as stuck

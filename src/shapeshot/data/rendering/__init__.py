"""Pictures of objects by Mitsuba: studio views, views in rooms, and what a camera measures of a mesh."""

// placeholder: the setup room

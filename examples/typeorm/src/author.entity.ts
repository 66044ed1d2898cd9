import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('author')
export class Author {
  @PrimaryGeneratedColumn('identity')
  id!: number;

  @Column('text', { unique: true })
  name!: string;

  @Column('uuid', { name: 'avatar_id', nullable: true })
  avatarId!: string | null;
}
